"""API paths of studies, their members and invites, and jobs."""

from django.urls import path

from roiqa.studies import check_views, invite_views, job_views, member_views, views

urlpatterns = [
    path("studies/", views.StudiesView.as_view(), name="studies"),
    path("studies/<slug:slug>/", views.StudyView.as_view(), name="study"),
    path("studies/<slug:slug>/checks/", check_views.ChecksView.as_view(), name="study-checks"),
    path("studies/<slug:slug>/members/", member_views.MembersView.as_view(), name="members"),
    path("studies/<slug:slug>/members/<uuid:member_id>/", member_views.MemberView.as_view(), name="member"),
    path("studies/<slug:slug>/invites/", invite_views.InvitesView.as_view(), name="study-invites"),
    path("studies/<slug:slug>/invites/<uuid:invite_id>/", invite_views.InviteView.as_view(), name="study-invite"),
    path("studies/<slug:slug>/jobs/", job_views.StudyJobsView.as_view(), name="study-jobs"),
    path("invites/<slug:token>/", invite_views.InviteOfferView.as_view(), name="invite"),
    path("invites/<slug:token>/accept/", invite_views.AcceptInviteView.as_view(), name="invite-accept"),
    path("jobs/<uuid:job_id>/", job_views.JobView.as_view(), name="job"),
    path("jobs/<uuid:job_id>/cancel/", job_views.CancelJobView.as_view(), name="job-cancel"),
]
