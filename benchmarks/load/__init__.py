"""A hall full of made-up voters and the browsers that vote for them: what the benchmarks of speed share."""
