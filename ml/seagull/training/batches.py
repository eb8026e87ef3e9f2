"""The forwards of a step: which images, which questions, and how they are split to fit the token budget."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from torch.utils.data import DataLoader, Dataset

from ml.seagull.data.records import ImageSample
from ml.seagull.language.levels import LEVEL_COUNT
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
class Planned:
    """An image, what is asked of it, and the epoch that it is drawn in."""

    sample: ImageSample
    plan: ImagePlan
    epoch: int


@dataclass(frozen=True, slots=True)
class StepData:
    """The pieces of one step, made under `budget` tokens a forward."""

    step: int
    budget: int
    pieces: tuple[Piece, ...]


class StepBatches(Dataset[StepData]):
    """Everything of a step is a function of (settings.seed, step): nothing is carried from one to the next.

    `plans` are the questions of an instruction file by image; where there is none they are drawn.
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
        plans: Mapping[str, ImagePlan] | None = None,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        self._sampling = Sampling(
            rois=settings.rois,
            judgments=settings.judgments,
            fixed=settings.fixed_questions,
            paraphrase=settings.paraphrase,
            quality_weights=inverse_frequency(samples) if settings.balance_quality else (1.0,) * LEVEL_COUNT,
        )
        self._plans, self._tokenizer, self._config = plans or {}, tokenizer, config
        self._prompt, self._settings = prompt, settings
        self.samples = [one for one in samples if self._plan(one, epoch=0).rois]
        if not self.samples:
            raise ValueError("No image of the train split has a labelled ROI: there is nothing to learn.")
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
            Planned(self.samples[index], self._plan(self.samples[index], epoch=epoch), epoch)
            for epoch, index in drawn[self._rank :: self._world]
        ]
        return StepData(step, budget, tuple(self._piece(group) for group in self._groups(planned, budget)))

    def _plan(self, sample: ImageSample, *, epoch: int) -> ImagePlan:
        return draw_plan(
            sample,
            self._prompt,
            self._sampling,
            run_seed=self._settings.seed,
            epoch=epoch,
            given=self._plans.get(sample.image_id),
        )

    def _groups(self, planned: Sequence[Planned], budget: int) -> Iterator[list[Planned]]:
        """As many images in a row as their padded tokens allow, at least one."""
        group: list[Planned] = []
        longest = 0
        for one in planned:
            size = self._size(one)
            if group and max(longest, size) * (len(group) + 1) > budget:
                yield group
                group, longest = [], 0
            group.append(one)
            longest = max(longest, size)
        if group:
            yield group

    def _size(self, one: Planned) -> int:
        regions = (self._assembler.region(one.sample.rois[roi.index], roi.questions).size for roi in one.plan.rois)
        return len(self._assembler.prefix().ids) + sum(regions)

    def _piece(self, group: Sequence[Planned]) -> Piece:
        batch = collate(
            [one.sample for one in group],
            tokenizer=self._tokenizer,
            config=self._config,
            prompt=self._prompt,
            plan=[one.plan for one in group],
            draw=[(self._settings.seed, one.epoch) for one in group],
        )
        return Piece(
            batch=batch,
            image_ids=tuple(one.sample.image_id for one in group),
            targets=int((batch.tree.labels != IGNORED).sum()),
            rois=len(batch.rois),
            questions=sum(one.plan.questions for one in group),
        )


def step_loader(batches: StepBatches, *, start: int, workers: int) -> Iterator[StepData]:
    """Steps `start`.. in order, made ahead by `workers` processes (0: made here, when asked for)."""
    return iter(DataLoader(batches, batch_size=None, sampler=range(start, batches.steps), num_workers=workers))
