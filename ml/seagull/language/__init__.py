"""The words of instructions and answers: levels, templates, tokens, parsing, sampling."""
