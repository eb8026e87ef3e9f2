"""How votes become labels: pure numbers, no Django, no database.

scales     the words and ranges of the eight scales
votes      ratings -> vote histograms
rulesets   the two named sets of rules
levels     a mean -> one of five levels, eq. (1) of the SEAGULL paper
labels     vote histograms -> labels
intervals  how far a mean of few votes can be trusted
records    labels -> plain values for JSON
agreement  Krippendorff's ordinal alpha and its bootstrap
"""
