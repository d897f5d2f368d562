"""A BERT-like sentence encoder with a low-rank adapter that can be trained (Hu et al., LoRA, 2021)."""

import shutil
from collections.abc import Mapping, Sequence
from math import floor, log2, sqrt
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 -- its usual name
from safetensors.numpy import save_file
from torch import Tensor, nn
from transformers import AutoModel, AutoTokenizer

from ingest.adapter import merge_adapter, write_token_limit
from ingest.embed import Passage

BATCH = 8  # texts that are padded to one length
LONGEST = 256  # tokens
WEIGHTS = "model.safetensors"


class LowRank(nn.Module):
    """A linear layer whose weights stay, and B A added to them: A (rank, in) starts at random, B (out, rank) at 0."""

    def __init__(self, layer: nn.Linear, rank: int) -> None:
        super().__init__()
        self.layer = layer
        self.a = nn.Parameter(torch.randn(rank, layer.in_features) / sqrt(layer.in_features))
        self.b = nn.Parameter(torch.zeros(layer.out_features, rank))

    def forward(self, x: Tensor) -> Tensor:
        """(..., in) to (..., out)."""
        return self.layer(x) + F.linear(F.linear(x, self.a), self.b)  # type: ignore[no-any-return]  # nn.Module's call


class Encoder:
    """The model of a sentence-transformers folder that pools by mean; every linear layer of it can be adapted."""

    def __init__(self, folder: Path, rank: int, longest: int = LONGEST, *, dropout: bool = True) -> None:
        self._folder = folder
        self._longest = longest
        self._tokenizer = AutoTokenizer.from_pretrained(folder)
        # Dropout takes a processor more time than all products of matrices: many lessons do without.
        chances = {} if dropout else {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
        attention = "sdpa" if dropout else "eager"  # PyTorch's own is slow to learn through on a processor
        self.model = AutoModel.from_pretrained(folder, attn_implementation=attention, dtype=torch.float32, **chances)
        self._adapted: dict[str, LowRank] = {}
        for parameter in self.model.parameters():
            parameter.requires_grad = False
        for name, layer in list(self.model.encoder.named_modules()):
            if isinstance(layer, nn.Linear):
                parent, _, own = name.rpartition(".")
                adapted = LowRank(layer, rank)
                setattr(self.model.encoder.get_submodule(parent), own, adapted)
                self._adapted[f"encoder.{name}.weight"] = adapted

    @property
    def parameters(self) -> list[nn.Parameter]:
        """What is trained."""
        return [part for layer in self._adapted.values() for part in (layer.a, layer.b)]

    def encode(self, passages: Sequence[Passage]) -> list[Tensor]:
        """For each passage (1 + spans, dim), as an Embedder's embed_passages: unit vectors that can be learned from."""
        texts = [passage.text for passage in passages]
        encoded = self._tokenizer(texts, truncation=True, max_length=self._longest, return_offsets_mapping=True)
        order = sorted(range(len(texts)), key=lambda at: len(encoded["input_ids"][at]))
        found: list[Tensor] = [torch.empty(0)] * len(texts)
        for start in range(0, len(order), BATCH):
            part = order[start : start + BATCH]
            for at, tokens in zip(part, self._tokens([encoded["input_ids"][at] for at in part]), strict=True):
                found[at] = _pool(tokens, np.array(encoded["offset_mapping"][at]), passages[at].spans)
        return found

    def _tokens(self, ids: Sequence[Sequence[int]]) -> list[Tensor]:
        length = max(len(own) for own in ids)
        padded = torch.tensor([[*own, *[0] * (length - len(own))] for own in ids])
        mask = torch.tensor([[1] * len(own) + [0] * (length - len(own)) for own in ids])
        with torch.autocast("cpu", torch.bfloat16):
            states = self.model(input_ids=padded, attention_mask=mask).last_hidden_state.float()
        return [states[at, : len(own)] for at, own in enumerate(ids)]

    def save(self, adapter: Path, folder: Path) -> None:
        """Write the adapter, and a folder of the model with the adapter in its weights."""
        write_adapter(adapter, {name: (layer.a, layer.b) for name, layer in self._adapted.items()})
        shutil.copytree(self._folder, folder, ignore=shutil.ignore_patterns(".*"), dirs_exist_ok=True)
        merge_adapter(folder / WEIGHTS, adapter)
        write_token_limit(folder, self._longest)


def write_adapter(path: Path, layers: Mapping[str, tuple[Tensor, Tensor]]) -> None:
    """The matrices as whole numbers of 16 bits with one power of two for all A and one for all B."""
    bits = [_bits([matrices[side] for matrices in layers.values()]) for side in (0, 1)]
    tensors = {
        f"{name}.{side}": np.round(matrix.detach().double().numpy() * 2.0**own).astype(np.int16)
        for name, matrices in layers.items()
        for side, matrix, own in zip("ab", matrices, bits, strict=True)
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path, {"a_bits": str(bits[0]), "b_bits": str(bits[1])})


def _bits(matrices: Sequence[Tensor]) -> int:
    return floor(log2(32767 / max(float(matrix.detach().abs().max()) for matrix in matrices)))


def _pool(tokens: Tensor, offsets: np.ndarray, spans: Sequence[tuple[int, int]]) -> Tensor:
    """`ingest.embed_pool.pool_spans`, to learn through."""
    wanted = np.array(spans, dtype=np.int64).reshape(-1, 2)
    starts, ends = offsets.T
    inside = (starts >= wanted[:, :1]) & (ends <= wanted[:, 1:]) & (ends > starts)
    firsts, counts = torch.from_numpy(inside.argmax(axis=1)), torch.from_numpy(inside.sum(axis=1))
    whole = F.normalize(tokens.mean(0), dim=-1)
    sums = torch.cat([torch.zeros(1, tokens.shape[1]), tokens.cumsum(0)])
    means = (sums[firsts + counts] - sums[firsts]) / counts.clamp(min=1)[:, None]
    vectors = torch.where(counts[:, None] > 0, means, whole.expand_as(means))
    return torch.cat([whole[None], F.normalize(vectors, dim=-1)])
