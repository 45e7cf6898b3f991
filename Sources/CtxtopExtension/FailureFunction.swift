// teardown_failed(): Python has found out which function raised; here it becomes words.

import CCtxtop
@preconcurrency import CPython

/// teardown_failed(function, location, kind, blueprint, exception, message, method, endpoint, rule, skipped, traceback)
let moduleTeardownFailed: FastFunction = { _, arguments, count in
  guard let arguments, count == 11 else { return Python.typeError("teardown_failed() takes 11 arguments") }
  if Agent.attachment == 0 { return Python.newNone() }
  var failure = FailureWords()
  failure.function = Python.name(arguments[0])
  failure.location = Python.name(arguments[1])
  failure.kind = UInt32(truncatingIfNeeded: Python.integer(arguments[2]) ?? 0) & 1
  failure.blueprint = Python.name(arguments[3])
  failure.exception = Python.name(arguments[4])
  failure.label = requestLabel(arguments + 6)
  let empty = UnsafeRawBufferPointer(start: nil, count: 0)
  let message = Python.utf8(arguments[5]) ?? empty
  let traceback = Python.utf8(arguments[10]) ?? empty
  withSkipped(arguments[9]) { skipped in
    Agent.teardownFailed(failure, skipped: skipped, message: message, traceback: traceback)
  }
  return Python.newNone()
}

/// The label that method, endpoint and rule make; 0 where they are None.
func requestLabel(_ arguments: Arguments) -> UInt64 {
  if arguments[0] == Python.none && arguments[1] == Python.none { return 0 }
  var method: UInt8 = 0
  if arguments[0] != Python.none, let text = Python.utf8(arguments[0]), let start = text.baseAddress {
    method = Method.number(start.assumingMemoryBound(to: UInt8.self), text.count)
  }
  return Label(method: method, endpoint: Python.name(arguments[1]), rule: Python.name(arguments[2])).word
}

private func withSkipped(_ tuple: Object?, _ body: (UnsafeBufferPointer<UInt32>) -> Void) {
  let count = PyTuple_Size(tuple)
  if count < 0 {
    PyErr_Clear()
    return body(UnsafeBufferPointer(start: nil, count: 0))
  }
  // More than a record holds is counted there; their names need not be written.
  withUnsafeTemporaryAllocation(of: UInt32.self, capacity: max(count, 1)) { names in
    for index in 0..<count {
      let isKept = index < CTXTOP_FAILURE_SKIPPED_MAX
      names.initializeElement(at: index, to: isKept ? Python.name(PyTuple_GetItem(tuple, index)) : 0)
    }
    body(UnsafeBufferPointer(rebasing: names[..<count]))
  }
}
