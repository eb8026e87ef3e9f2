/**
 * Short names for the shapes of the HTTP API (v1), which `make schema` generates from the server's code: what the
 * server renames or drops breaks the type check here. Ids are UUID strings except a study's slug; times are ISO 8601.
 */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Role = Schemas["Role"];
export type StudyState = Schemas["StudyState"];
export type Split = Schemas["Split"];
export type ROILevel = Schemas["ROILevel"];
export type Ruleset = Schemas["RulesetName"];
export type SkipReason = Schemas["SkipReason"];
export type ExportFormat = Schemas["FormatEnum"];

/** One page of a list; `next` and `previous` are URLs of neighbouring pages. */
export type Page<Row> = Omit<Schemas["PaginatedStudyList"], "results"> & { results: Row[] };

export type Me = Schemas["Me"];
export type ApiToken = Schemas["Token"];
/** A token as it is shown exactly once, when it is made. */
export type NewApiToken = Schemas["NewToken"];
export type TokenRequest = Schemas["TokenInputRequest"];
export type Credentials = Schemas["CredentialsInputRequest"];
export type PasswordChange = Schemas["PasswordInputRequest"];

export type Study = Schemas["Study"];
export type NewStudy = Schemas["NewStudyInputRequest"];
export type StudyChange = Schemas["PatchedStudyChangeInputRequest"];
export type Member = Schemas["Member"];
export type NewMember = Schemas["NewMemberInputRequest"];
export type Invite = Schemas["Invite"];
/** An invite with its link, in the answer to the request that made it. */
export type NewInvite = Schemas["NewInvite"];
export type InviteRequest = Schemas["InviteInputRequest"];
/** What the holder of a link sees before joining. */
export type InviteOffer = Schemas["InviteOffer"];
export type InviteAcceptance = Schemas["AcceptInviteInputRequest"];
export type Exclusion = Schemas["ExclusionInputRequest"];

export type ImageRow = Schemas["Image"];
export type ROI = Schemas["ROI"];
/** A model with weights; `region-tree`, which has none, is not one. */
export type SegmentationModel = Schemas["SegmentationModel"];
export type DecodeRequest = Schemas["DecodeInputRequest"];
/** What the server answers when asked for full masks; the model's own choice first. */
export type Decoded = Schemas["Decoded"];
export type Proposal = Schemas["Proposal"];
export type ProposalState = Schemas["ProposalState"];
export type ProposalsRequest = Schemas["NewProposalsInputRequest"];
export type ProposalAcceptance = Schemas["AcceptInputRequest"];
/** COCO run-length encoding in its compressed string form; size is [height, width]. */
export type Segmentation = Schemas["Mask"];

export type Job<Report = Schemas["Job"]["report"]> = Omit<Schemas["Job"], "report"> & { report: Report };

/** `report` of an import job. The schema leaves the reports open, because their keys depend on the kind of job. */
export interface ImportReport {
  images_added: number;
  images_known: number;
  rois_added: number;
  rois_known: number;
  /** How many in all; `refused` lists the first 2,000. */
  refused_count: number;
  refused: { file: string; reason: string; code: string }[];
}

/** `report` of an embeddings job. */
export interface EmbeddingsReport {
  computed: number;
  known: number;
  /** Ids of images whose files are gone from storage. */
  failed: string[];
}

/** `report` of a proposals job. */
export interface ProposalsReport {
  images: number;
  added: number;
  failed: string[];
}

/** `report` of an export job that is done. */
export interface ExportReport {
  url?: string;
  bytes?: number;
}

export type Distortion = keyof Schemas["Severities"];
/** In the order of the form. */
export const DISTORTIONS = [
  "exposure",
  "noise",
  "blur",
  "contrast",
  "colorfulness",
  "compression",
] as const satisfies readonly Distortion[];

export type Assignment = Schemas["Assignment"];
export type RatingSubmission = Schemas["RatingInputRequest"];
export type Rating = Schemas["Rating"];
/** What a person answered: severities 0 (extreme) .. 5 (nonexistent), quality 0 (bad) .. 4 (excellent), importance 0 (unimportant) .. 4 (essential). */
export type Answers = Pick<Rating, "distortions" | "quality" | "importance">;
export type DraftSubmission = Schemas["DraftInputRequest"];
export type DraftSaved = Schemas["DraftSaved"];
export type Claim = Schemas["ClaimInputRequest"];
export type Skip = Schemas["SkipInputRequest"];
/** Only about the person who asks. */
/** What the model says, in the shape of an answer. */
export type SuggestedLevels = Schemas["SuggestedLevels"];
/** The model's view beside one's own answer. */
export type Revealed = Schemas["Revealed"];
export type SuggestionMode = Schemas["SuggestionMode"];
export type SuggestionAudit = Schemas["SuggestionAudit"];
export type SecondLook = Schemas["SecondLook"];
export type MoreVotes = Schemas["MoreVotesInputRequest"];
export type MyProgress = Schemas["MyProgress"];

export type StudyProgress = Schemas["Progress"];
export type ROIProgressRow = Schemas["ROIProgress"];
export type Label = Schemas["Label"];
export type Agreement = Schemas["Agreement"];
export type AgreementReport = Schemas["AgreementReport"];
export type Screening = Schemas["Screening"];
/** Labels with and without one annotator's votes. */
export type VoteEffect = Schemas["VoteEffect"];
export type StoppingAnswer = Schemas["StoppingAnswer"];
export type Checks = Schemas["Checks"];
export type ChecksChange = Schemas["PatchedChecksInputRequest"];
export type Gold = Schemas["Gold"];
export type GoldsRequest = Schemas["MakeGoldsInputRequest"];
export type GoldMark = Schemas["MarkGoldInputRequest"];
export type PlanAnswer = Schemas["PlanAnswer"];

export type Release = Schemas["Release"];
export type ReleaseRequest = Schemas["ReleaseInputRequest"];
export type ExportRequest = Schemas["ExportInputRequest"];
export type Comparison = Schemas["Comparison"];
export type ComparedROI = Schemas["ComparedROI"];

/** What a study asks before rating (docs/qualification.md). */
export type QualificationStep = Schemas["QualificationStep"];
export type Standing = Schemas["Standing"];
export type ConsentText = Schemas["ConsentText"];
export type ViewingCheck = Schemas["OwnCheck"];
export type BegunCheck = Schemas["BegunCheck"];
export type CheckPicture = Schemas["CheckPicture"];
export type CheckResult = Schemas["CheckResult"];
export type ScreenReport = Schemas["ScreenInputRequest"];
/** All eight levels by their scale. */
export type Levels = Schemas["LevelsInputRequest"];
export type TrainedItem = Schemas["Trained"];
export type QuizItem = Schemas["Asked"];
export type Quiz = Schemas["Quiz"];
export type QualificationRules = Schemas["Rules"];
export type RulesChange = Schemas["PatchedRulesInputRequest"];
export type TrainingItem = Schemas["TrainingItem"];
export type TrainingItemUse = Schemas["TrainingItemUse"];
export type TrainingItemRequest = Schemas["TrainingItemInputRequest"];
export type TrainingCandidate = Schemas["TrainingCandidate"];
export type QualifiedPerson = Schemas["QualifiedPerson"];

export type CrowdLink = Schemas["CrowdLink"];
export type CrowdLinkRequest = Schemas["CrowdLinkInputRequest"];
export type CrowdOffer = Schemas["CrowdOffer"];
export type Completion = Schemas["Completion"];
