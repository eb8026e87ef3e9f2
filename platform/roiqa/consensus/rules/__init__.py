"""How votes become labels, and how far both can be trusted: pure numbers, no Django, no database.

From votes to labels
    votes          ratings -> vote histograms
    rulesets       the two named sets of rules
    levels         a mean -> one of five levels, eq. (1) of the SEAGULL paper
    labels         vote histograms -> labels
    records        labels -> plain values for JSON
    intervals      how far a mean of few votes can be trusted
    subjects       labels corrected for leaning and careless annotators

Do the raters agree?
    panel          who gave which answer
    new_raters     intervals for other people in place of other images
    resampling     drawing images anew, for intervals
    agreement      Krippendorff's ordinal alpha
    gwet           Gwet's AC2, for rare distortions
    variance       variance components, ICC(2,1) and ICC(2,k)
    split_half     correlation of two halves of the raters
    ranks          Spearman's correlation
    label_metrics  precision, recall and F1 of sets of labels
    ceilings       what a perfect model and what people would score

    anchoring      how far a model pulls the people who see its levels

Running a study
    screening      annotators who need a second look
    bt500          the screening of ITU-R BT.500, for information
    second_look    votes and labels that a person should look at again
    ordering       which ROIs to rate sooner, by what a model is unsure of
    stopping       which ROIs need more votes, and what that will cost
    power          how many annotators and ROIs a study needs
"""
