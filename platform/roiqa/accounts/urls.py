"""API paths of this room."""

from django.urls import path

from roiqa.accounts import token_views, views

urlpatterns = [
    path("auth/csrf/", views.CSRFView.as_view(), name="auth-csrf"),
    path("auth/login/", views.LoginView.as_view(), name="auth-login"),
    path("auth/logout/", views.LogoutView.as_view(), name="auth-logout"),
    path("auth/me/", views.MeView.as_view(), name="auth-me"),
    path("auth/password/", views.PasswordView.as_view(), name="auth-password"),
    path("auth/erase/", views.EraseView.as_view(), name="auth-erase"),
    path("auth/token/", token_views.NewTokenView.as_view(), name="auth-token"),
    path("auth/tokens/", token_views.TokensView.as_view(), name="auth-tokens"),
    path("auth/tokens/<uuid:token_id>/", token_views.TokenView.as_view(), name="auth-token-detail"),
]
