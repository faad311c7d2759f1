"""Pure judgement: data and decisions, standard library only."""
