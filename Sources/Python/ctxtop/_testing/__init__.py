"""Which test left something behind: what ``ctxtop.pytest_plugin`` is made of. Loaded only when a test run asks for it.

===============  ==================================================================================
``record``       the snapshot record, decoded: the facts that the operator's program gets
``exporter``     asks the agent of this process for a record, in a directory that nobody else sees
``judges``       what of these facts is left over, and for whom to return: the program's own rules
``ownership``    what belongs to a test, and what to a fixture that outlives it
``watch``        one run of tests: what was there before each, what is there after it
``words``        verdicts in words: the program's own
``applications`` every Flask application of the process, instrumented
``allowing``     the codes that a user allows, checked
``session``      pytest's hooks, once they are needed
===============  ==================================================================================

What must hold: nothing here makes a test fail that left nothing behind. Whatever fails here itself is told once, at
the end of the run.
"""
