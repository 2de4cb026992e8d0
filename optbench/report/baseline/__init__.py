"""Results that are kept to be compared with: lanes of a run at the settings that count.

Comparisons are paired, so lanes are kept, not their medians: those of each trial that tuning chose,
or might have chosen on other draws, and of the default setting.
"""
