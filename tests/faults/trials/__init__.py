"""How rows are tried. A trial plays one fault on a stage and returns what it measured."""
