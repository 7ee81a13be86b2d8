"""Measure networks and the two-stage baseline on the validation split.

Data flow: `datasets` and `composites` give validation scenes and `parts` names them; `predictors`
and `baseline` turn a photo into people; `scoring` runs one over the other, chooses the score
threshold and reports; `report` writes it down; `sheet` draws what came out; `speed` takes the
time; `commands` offers all of it to the command line.
"""
