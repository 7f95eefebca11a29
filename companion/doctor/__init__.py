"""Look at everything that account linking needs, and say what is wrong and how to mend it.

`examination.examine` runs the checks of `checks/` side by side and ends in time whatever hangs;
`manage.py doctor` and the page /doctor/ show its report.
"""
