"""API paths of images and ROIs."""

from django.urls import path

from roiqa.studies import image_views, proposal_views, region_tree_views, roi_views, segmentation_views

urlpatterns = [
    path("studies/<slug:slug>/images/", image_views.StudyImagesView.as_view(), name="study-images"),
    path("studies/<slug:slug>/images/<uuid:image_id>/", image_views.StudyImageView.as_view(), name="study-image"),
    path("images/<uuid:image_id>/", image_views.ImageView.as_view(), name="image"),
    path("images/<uuid:image_id>/file/", image_views.ImageFileView.as_view(), name="image-file"),
    path("images/<uuid:image_id>/thumbnail/", image_views.ImageThumbnailView.as_view(), name="image-thumbnail"),
    path("images/<uuid:image_id>/original/", image_views.ImageOriginalView.as_view(), name="image-original"),
    path("images/<uuid:image_id>/rois/", roi_views.ImageROIsView.as_view(), name="image-rois"),
    path("images/<uuid:image_id>/region-tree/", region_tree_views.RegionTreeView.as_view(), name="image-region-tree"),
    path("images/<uuid:image_id>/embedding/", segmentation_views.EmbeddingView.as_view(), name="image-embedding"),
    path("images/<uuid:image_id>/decode/", segmentation_views.DecodeView.as_view(), name="image-decode"),
    path("segmentation-models/", segmentation_views.SegmentationModelsView.as_view(), name="segmentation-models"),
    path(
        "segmentation-models/<str:model_id>/decoder/",
        segmentation_views.DecoderView.as_view(),
        name="segmentation-decoder",
    ),
    path("studies/<slug:slug>/proposals/", proposal_views.ProposalsView.as_view(), name="proposals"),
    path("proposals/<uuid:proposal_id>/accept/", proposal_views.AcceptProposalView.as_view(), name="proposal-accept"),
    path("proposals/<uuid:proposal_id>/reject/", proposal_views.RejectProposalView.as_view(), name="proposal-reject"),
    path("proposals/<uuid:proposal_id>/undo/", proposal_views.UndoProposalView.as_view(), name="proposal-undo"),
    path("rois/<uuid:roi_id>/", roi_views.ROIView.as_view(), name="roi"),
]
