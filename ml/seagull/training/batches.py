"""The forwards of a step: which images, which questions, and how they are split to fit the token budget."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from torch.utils.data import DataLoader, Dataset

from ml.seagull.data.records import ImageSample
from ml.seagull.language.prompts import Prompt
from ml.seagull.language.sampling import ImagePlan, Sampling, draw_plan, inverse_frequency
from ml.seagull.language.tokenizer import LanguageTokenizer
from ml.seagull.network.config import NetworkConfig
from ml.seagull.training.schedule import images_of_step
from ml.seagull.training.settings import Settings
from ml.seagull.tree.batch import IGNORED
from ml.seagull.tree.collate import Batch, assembler_for, collate


@dataclass(frozen=True, slots=True)
class Piece:
    """One forward: its batch, the images in it, how many answer tokens and ROIs it teaches, how many questions."""

    batch: Batch
    image_ids: tuple[str, ...]
    targets: int
    rois: int
    questions: int


@dataclass(frozen=True, slots=True)
class StepData:
    """The pieces of one step, made under `budget` tokens a forward."""

    step: int
    budget: int
    pieces: tuple[Piece, ...]


class StepBatches(Dataset[StepData]):
    """Everything of a step is a function of (settings.seed, step): nothing is carried from one to the next.

    Of several processes each takes every `world`-th image of the step. Raises: ValueError if no image has a label.
    """

    def __init__(
        self,
        samples: Sequence[ImageSample],
        *,
        tokenizer: LanguageTokenizer,
        config: NetworkConfig,
        prompt: Prompt,
        settings: Settings,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        self._sampling = Sampling(
            rois=settings.rois,
            judgments=settings.judgments,
            fixed=settings.fixed_questions,
            paraphrase=settings.paraphrase,
            **({"quality_weights": inverse_frequency(samples)} if settings.balance_quality else {}),
        )
        self.samples = [one for one in samples if draw_plan(one, prompt, self._sampling, run_seed=0, epoch=0).rois]
        if not self.samples:
            raise ValueError("No image of the train split has a labelled ROI: there is nothing to learn.")
        self._tokenizer, self._config, self._prompt, self._settings = tokenizer, config, prompt, settings
        self._assembler = assembler_for(config, tokenizer, prompt)
        self._rank, self._world = rank, world
        self.budget = settings.token_budget

    @property
    def steps(self) -> int:
        """Updates of the whole run."""
        if self._settings.steps is not None:
            return self._settings.steps
        return max(len(self.samples) * self._settings.epochs // self._settings.batch_images, 1)

    def __getitem__(self, step: int) -> StepData:
        return self.made(step, self.budget)

    def made(self, step: int, budget: int) -> StepData:
        """The pieces of a step under this budget; their images are the same whatever it is."""
        seed = self._settings.seed
        drawn = images_of_step(step, images=len(self.samples), batch=self._settings.batch_images, seed=seed)
        planned = [
            (
                self.samples[index],
                draw_plan(self.samples[index], self._prompt, self._sampling, run_seed=seed, epoch=epoch),
            )
            for epoch, index in drawn[self._rank :: self._world]
        ]
        return StepData(step, budget, tuple(self._piece(group) for group in self._groups(planned, budget)))

    def _groups(
        self, planned: Sequence[tuple[ImageSample, ImagePlan]], budget: int
    ) -> Iterator[list[tuple[ImageSample, ImagePlan]]]:
        """As many images in a row as their padded tokens allow, at least one."""
        group: list[tuple[ImageSample, ImagePlan]] = []
        longest = 0
        for sample, plan in planned:
            size = self._size(sample, plan)
            if group and max(longest, size) * (len(group) + 1) > budget:
                yield group
                group, longest = [], 0
            group.append((sample, plan))
            longest = max(longest, size)
        if group:
            yield group

    def _size(self, sample: ImageSample, plan: ImagePlan) -> int:
        regions = (self._assembler.region(sample.rois[one.index], one.questions).size for one in plan.rois)
        return len(self._assembler.prefix().ids) + sum(regions)

    def _piece(self, group: Sequence[tuple[ImageSample, ImagePlan]]) -> Piece:
        samples, plans = [sample for sample, _ in group], [plan for _, plan in group]
        batch = collate(samples, tokenizer=self._tokenizer, config=self._config, prompt=self._prompt, plan=plans)
        return Piece(
            batch=batch,
            image_ids=tuple(sample.image_id for sample in samples),
            targets=int((batch.tree.labels != IGNORED).sum()),
            rois=len(batch.rois),
            questions=sum(plan.questions for plan in plans),
        )


def step_loader(batches: StepBatches, *, start: int, workers: int) -> Iterator[StepData]:
    """Steps `start`.. in order, made ahead by `workers` processes (0: made here, when asked for)."""
    return iter(DataLoader(batches, batch_size=None, sampler=range(start, batches.steps), num_workers=workers))
