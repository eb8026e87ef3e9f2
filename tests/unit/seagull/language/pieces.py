"""A tokenizer like Llama's: words are several pieces, the first of which tells them apart within their set."""

import string

from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from ml.seagull.language.tokenizer import LanguageTokenizer

STARTS = ["ba", "po", "fa", "go", "ex", "un", "mi", "no", "im", "es", "se", "mo", "tr", "bl", "con", "col", "com"]


def word_pieces() -> LanguageTokenizer:
    """Pieces of two or three letters at the beginning of a word, then letter by letter; no pad and no image token."""
    special = ["<unk>", "<s>", "</s>", "<global>", "<local>"]
    pieces = [(token, 0.0) for token in special]
    pieces += [(f"▁{start}", -1.0) for start in [*STARTS, "Yes", "No", "With", "Without", "distortion"]]
    pieces += [(letter, -9.0) for letter in ["▁", "\n", *string.ascii_letters, *string.digits, *".,:;?'-"]]
    backend = Tokenizer(models.Unigram(pieces, unk_id=0))
    backend.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    backend.decoder = decoders.Metaspace(prepend_scheme="always")
    backend.add_special_tokens(special)
    return LanguageTokenizer(backend)
