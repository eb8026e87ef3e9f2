"""The six distortions (paper section 3.1.1), each where it happens in a camera: noise on the mosaic, exposure and blur in
linear light, contrast and colourfulness after the tone curve, JPEG last. Batched: one call renders many settings of a type.

Images are float32, 3 x height x width (N x 3 x H x W in batches). What only shares its beginning is made image by image.
"""

import io
import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from PIL import Image
from scipy.fft import next_fast_len
from torch import Tensor
from torch.nn import functional

from ml.synthesis.camera import Camera, demosaic, mix, mosaic_mask
from ml.synthesis.tone import srgb_to_linear, to_bytes

# sRGB's luma (Rec. 709) and Oklab's two matrices (Ottosson 2020).
LUMA = (0.2126, 0.7152, 0.0722)
OKLAB_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
# Keeps Oklab's lightness and takes its two colours away.
_GREY_OF_CONES = np.linalg.inv(OKLAB) @ np.diag([1.0, 0.0, 0.0]) @ OKLAB


def expose(linear: Tensor, stops: Sequence[float]) -> Tensor:
    """Linear light times 2^stops; white clips."""
    return (linear * _batch([2.0**stop for stop in stops], linear)).clamp_(0.0, 1.0)


def sensor_noise(
    linear: Tensor, camera: Camera, shot_variances: Sequence[float], generators: Sequence[np.random.Generator]
) -> Iterator[Tensor]:
    """Shot and read noise on the RGGB mosaic, developed to linear light again: 3 x H x W, one setting after the other.

    Demosaicing is linear, so only the noise goes through it: without noise the photograph is itself, and no loss of
    sharpness passes for noise. Read variance follows shot variance as measured on cameras (Brooks et al. 2019). The draws
    are made on the CPU: a GPU renders the same noise.
    """
    sensor, gains = camera.sensor(linear)
    height, width = linear.shape[-2:]
    measured = (sensor * mosaic_mask(height, width, device=linear.device)).sum(dim=0)
    for shot, random in zip(shot_variances, generators, strict=True):
        read = math.exp(2.18 * math.log(shot) + 1.20)
        draw = torch.from_numpy(random.standard_normal((height, width), dtype=np.float32)).to(linear.device)
        noise = draw.mul_((measured * shot).add_(read).sqrt_()).add_(measured).clamp_(0.0, 1.0).sub_(measured)
        yield camera.developed(demosaic(noise[None, None])[0], gains).add_(linear).clamp_(0.0, 1.0)


def blur(linear: Tensor, kernels: Sequence[Tensor]) -> Iterator[Tensor]:
    """Convolution with each kernel (odd sides, sum 1), the picture mirrored at its edges: 3 x H x W, one after the other."""
    reach = max(max(kernel.shape) for kernel in kernels) // 2
    height, width = linear.shape[-2:]
    padded = linear
    # A mirror can be at most one pixel shorter than the picture: small pictures are mirrored again.
    left = reach
    while left > 0:
        by = min(left, min(padded.shape[-2:]) - 1)
        padded = functional.pad(padded.unsqueeze(0), (by, by, by, by), mode="reflect").squeeze(0)
        left -= by
    # Fourier transforms of other lengths take many times as long; what is added is never reached.
    rows, columns = (next_fast_len(length, real=True) for length in padded.shape[-2:])
    spectrum = torch.fft.rfft2(padded, s=(rows, columns))
    for kernel in kernels:
        # Its first corner and not its middle lies at the origin, which moves the picture by half a kernel.
        of_kernel = torch.fft.fft(torch.fft.rfft(kernel.to(linear.device), n=columns), n=rows, dim=0)
        whole = torch.fft.irfft2(spectrum * of_kernel, s=(rows, columns))
        top, side = reach + kernel.shape[0] // 2, reach + kernel.shape[1] // 2
        yield whole[..., top : top + height, side : side + width].clamp(0.0, 1.0)


def gaussian_kernel(sigma: float) -> Tensor:
    """Out of focus as optics textbooks draw it: standard deviation in pixels, cut at four of them."""
    reach = math.ceil(4.0 * sigma)
    line = torch.exp(-0.5 * (torch.arange(-reach, reach + 1, dtype=torch.float64) / sigma) ** 2)
    kernel = line[:, None] * line[None, :]
    return (kernel / kernel.sum()).float()


def disk_kernel(radius: float) -> Tensor:
    """Out of focus as lenses draw it: a disk of this radius in pixels, its edge smoothed over one pixel."""
    reach = math.ceil(radius + 0.5)
    y, x = torch.meshgrid(*[torch.arange(-reach, reach + 1, dtype=torch.float64)] * 2, indexing="ij")
    kernel = (radius + 0.5 - torch.sqrt(x * x + y * y)).clamp(0.0, 1.0)
    return (kernel / kernel.sum()).float()


def motion_kernel(length: float, angle: float) -> Tensor:
    """Camera shake along a line of this length in pixels, `angle` in radians, its edge smoothed over one pixel."""
    reach = math.ceil(length / 2.0 + 1.0)
    y, x = torch.meshgrid(*[torch.arange(-reach, reach + 1, dtype=torch.float64)] * 2, indexing="ij")
    along = x * math.cos(angle) + y * math.sin(angle)
    across = x * -math.sin(angle) + y * math.cos(angle)
    kernel = (length / 2.0 + 0.5 - along.abs()).clamp(0.0, 1.0) * (1.0 - across.abs()).clamp(0.0, 1.0)
    return (kernel / kernel.sum()).float()


def contrast(display: Tensor, factors: Sequence[float]) -> Tensor:
    """Distances from the picture's log-mean luma times each factor."""
    luma = torch.einsum("c,chw->hw", _constant(LUMA, display), display)
    middle = torch.exp(torch.log(luma.clamp(min=1.0 / 255.0)).mean())
    return ((display - middle) * _batch(factors, display)).add_(middle).clamp_(0.0, 1.0)


def chroma(display: Tensor, factors: Sequence[float]) -> Tensor:
    """Oklab chroma times each factor: below 1 faded, above 1 gaudy. Linear light, to be shown by sRGB's curve."""
    cones = mix(srgb_to_linear(display), OKLAB_CONES).clamp(min=0.0).pow(1.0 / 3.0)
    # The cube roots of the cones are a sum of what is grey and of what is colour.
    grey = mix(cones, _GREY_OF_CONES)
    changed = ((cones - grey) * _batch(factors, display)).add_(grey)
    return mix(changed.pow_(3.0), np.linalg.inv(OKLAB_CONES))


def white_balance(display: Tensor, shifts: Sequence[float]) -> Tensor:
    """A wrong white balance: red times 2^shift and blue times 2^-shift in linear light, at the luminance it had.

    Linear light, to be shown by sRGB's curve.
    """
    gains = torch.tensor([[2.0**shift, 1.0, 2.0**-shift] for shift in shifts], device=display.device)
    gains = gains / (gains * _constant(LUMA, display)).sum(dim=1, keepdim=True)
    return srgb_to_linear(display).unsqueeze(0) * gains[:, :, None, None]


def jpeg(display: Tensor, qualities: Sequence[int]) -> Tensor:
    """JPEG at each quality (1..95, libjpeg's scale), chroma subsampled 4:2:0; uint8 in between as in a file."""
    picture = Image.fromarray(to_bytes(display).permute(1, 2, 0).cpu().numpy())
    decoded = []
    for quality in qualities:
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=quality, subsampling="4:2:0")
        decoded.append(torch.from_numpy(np.asarray(Image.open(buffer)).copy()))
    return torch.stack(decoded).permute(0, 3, 1, 2).to(display.device).float() / 255.0


def _batch(factors: Sequence[float], like: Tensor) -> Tensor:
    return torch.tensor(list(factors), dtype=torch.float32, device=like.device).view(-1, 1, 1, 1)


def _constant(values: Sequence[float], like: Tensor) -> Tensor:
    return torch.tensor(values, dtype=torch.float32, device=like.device)
