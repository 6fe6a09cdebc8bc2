"""How dates are written, by language: the setting `FORMAT_MODULE_PATH`."""
