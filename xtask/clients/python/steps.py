"""The lines a driver prints, one JSON object a step."""

import asyncio
import json
import sys


def say(step, **fields):
    print(json.dumps({"step": step, **fields}), flush=True)


def called(tool, result):
    """`is_error` is the name in version 2, `isError` in version 1."""
    failed = getattr(result, "is_error", None) or getattr(result, "isError", None)
    text = " ".join(getattr(block, "text", "") for block in result.content)
    say("call", tool=tool, ok=not failed, text=text[:200])


def leaf(error):
    """What went wrong; the leaves of an ExceptionGroup say more than it does."""
    while getattr(error, "exceptions", None):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"


def drive(main):
    """Runs `main(url, calls, mode)` with what the command line gives."""
    url, calls, *mode = sys.argv[1:]
    try:
        asyncio.run(main(url, json.loads(calls), mode[0] if mode else None))
    except BaseException as error:  # an ExceptionGroup is no Exception
        say("error", error=leaf(error))
        sys.exit(1)
