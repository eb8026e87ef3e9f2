"""API paths of images and ROIs."""

from django.urls import path

from roiqa.studies import image_views, region_tree_views, roi_views

urlpatterns = [
    path("studies/<slug:slug>/images/", image_views.StudyImagesView.as_view(), name="study-images"),
    path("studies/<slug:slug>/images/<uuid:image_id>/", image_views.StudyImageView.as_view(), name="study-image"),
    path("images/<uuid:image_id>/", image_views.ImageView.as_view(), name="image"),
    path("images/<uuid:image_id>/file/", image_views.ImageFileView.as_view(), name="image-file"),
    path("images/<uuid:image_id>/thumbnail/", image_views.ImageThumbnailView.as_view(), name="image-thumbnail"),
    path("images/<uuid:image_id>/original/", image_views.ImageOriginalView.as_view(), name="image-original"),
    path("images/<uuid:image_id>/rois/", roi_views.ImageROIsView.as_view(), name="image-rois"),
    path("images/<uuid:image_id>/region-tree/", region_tree_views.RegionTreeView.as_view(), name="image-region-tree"),
    path("rois/<uuid:roi_id>/", roi_views.ROIView.as_view(), name="roi"),
]
