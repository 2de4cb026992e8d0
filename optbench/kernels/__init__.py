"""The compiled engine. It knows no rule and no problem by name: it is handed functions."""
