/** Short names for the shapes of training and models, which `make schema` generates, and what the schema leaves open. */
import type { components } from "../../api/schema";

type Schemas = components["schemas"];

export type RunState = Schemas["RunState"];
export type RunOptions = Schemas["Options"];
export type SettingField = Schemas["SettingOption"];
/** What may be sent for a setting; the schema says no more than that it is JSON. */
export type SettingValue = number | string | boolean | null | readonly number[] | Readonly<Record<string, unknown>>;
export type NewRun = Schemas["TrainingRunInputRequest"];
export type Estimate = Schemas["RunEstimate"];
/** A run may wait for nothing: an empty word, which the schema's lists of words would leave out. */
export type TrainingRun = Omit<Schemas["TrainingRun"], "waits_for"> & { waits_for: "gpu" | "worker" | "" };
/** One step of the curve: whatever the run measured there. */
export type Point = { step: number } & Record<string, unknown>;

/** What the network said of one ROI while it trained, beside what people said. */
export interface RunSample {
  step: number;
  /** sha256 of the image. */
  image: string;
  roi: string;
  quality: number;
  quality_label: number | null;
  importance: number;
  importance_label: number | null;
  types: string[];
  types_label: string[];
}

/** The curve so far, thinned, and the latest samples, oldest first. */
export type RunPoints = Schemas["Points"] & { points: Point[]; samples: RunSample[] };

export type RetrainRule = Schemas["RetrainRule"];
export type RuleRequest = Schemas["RetrainRuleInputRequest"];

export type ModelVersion = Schemas["ModelVersion"];
export type ShippedRequest = Schemas["ShippedInputRequest"];
export type ComparedMetric = Schemas["ComparedMetric"];
export type ModelComparison = Schemas["ModelComparison"];
export type Promotion = Schemas["Promotion"];
export type PromoteRequest = Schemas["PromoteInputRequest"];
export type RollBackRequest = Schemas["RollBackInputRequest"];
export type SuggestionState = Schemas["SuggestionState"];

export type Webhook = Schemas["Webhook"];
/** A webhook with its secret, in the answer to the request that made it. */
export type NewWebhook = Schemas["NewWebhook"];
export type WebhookRequest = Schemas["WebhookInputRequest"];
export type Delivery = Schemas["Delivery"];
