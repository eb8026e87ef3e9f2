"""What FSDP spreads over processes is stored whole and spread again; here over a single process, on the CPU."""

import os

import pytest
import torch
from torch import distributed, nn
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, init_device_mesh

from ml.seagull.training.model_files import gathered
from ml.seagull.training.optimizer_state import build_optimizer, optimizer_tensors, restore_optimizer


@pytest.fixture
def mesh(tmp_path):
    distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/meeting", rank=0, world_size=1)
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    yield init_device_mesh("cpu", (1,))
    distributed.destroy_process_group()


def sharded(mesh):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.Linear(8, 2))
    fully_shard(network, mesh=mesh)
    return network, build_optimizer(network, learning_rate=0.1, betas=(0.9, 0.999), weight_decay=0.0)


def stepped(network, optimizer):
    network(torch.ones(3, 4)).square().sum().backward()
    optimizer.step()
    optimizer.zero_grad()


def test_spread_weights_and_states_are_stored_whole_and_spread_again(mesh):
    network, optimizer = sharded(mesh)
    stepped(network, optimizer)
    tensors = optimizer_tensors(optimizer, network)
    assert all(isinstance(parameter, DTensor) for parameter in network.parameters())
    assert not any(isinstance(value, DTensor) for value in tensors.values())
    assert gathered(network[0].weight).shape == (8, 4)
    again, other = sharded(mesh)
    again.load_state_dict(network.state_dict())
    restore_optimizer(other, again, tensors)
    stepped(network, optimizer)
    stepped(again, other)
    for before, after in zip(network.parameters(), again.parameters(), strict=True):
        assert torch.equal(gathered(before), gathered(after))
