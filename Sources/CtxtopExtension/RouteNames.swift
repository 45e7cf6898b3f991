// The names of a routing rule. A rule lives as long as its application, so it is looked up by its address:
// after the first request of an endpoint its label costs two attribute look-ups and one probe. An application may
// be thrown away: rules are held by weak references, and when one of them goes all are looked up anew.

import CCtxtop
@preconcurrency import CPython

/// A cache from rule objects to names in the slot. Needs the GIL.
enum RouteNames {
  private static let size = 1024  // a power of two
  private static let limit = 768
  private typealias Entry = (rule: Object?, names: UInt64, watch: Object?)
  nonisolated(unsafe) private static var rules: UnsafeMutablePointer<Entry>?
  nonisolated(unsafe) private static var count = 0
  nonisolated(unsafe) private static var attachment: UInt64 = 0
  nonisolated(unsafe) private static var request: Object! = nil
  nonisolated(unsafe) private static var urlRule: Object! = nil
  nonisolated(unsafe) private static var endpoint: Object! = nil
  nonisolated(unsafe) private static var ruleText: Object! = nil

  static func prepare() {
    request = Python.interned("request")
    urlRule = Python.interned("url_rule")
    endpoint = Python.interned("endpoint")
    ruleText = Python.interned("rule")
  }

  /// Endpoint and rule of the request that a request context holds; zeros where the router found none.
  static func names(of context: Object?) -> (endpoint: UInt32, rule: UInt32) {
    guard let requestObject = PyObject_GetAttr(context, request) else {
      HookCalls.forget()
      return (0, 0)
    }
    defer { Py_DecRef(requestObject) }
    guard let rule = PyObject_GetAttr(requestObject, urlRule) else {
      HookCalls.forget()
      return (0, 0)
    }
    defer { Py_DecRef(rule) }
    if rule == Python.none { return (0, 0) }
    let names = lookUp(rule)
    return (names.low, names.high)
  }

  private static func lookUp(_ rule: Object) -> UInt64 {
    if Agent.attachment != attachment { forget() }
    guard let rules else { return read(rule) }
    var index = Int(bitPattern: UInt(bitPattern: rule) &>> 4) & (size - 1)
    while let known = rules[index].rule {
      if known == rule { return rules[index].names }
      index = (index &+ 1) & (size - 1)
    }
    let names = read(rule)
    if count < limit, let watch = WeakReferences.make(rule) {
      rules[index] = (rule, names, watch)
      count &+= 1
    }
    return names
  }

  private static func read(_ rule: Object) -> UInt64 {
    Words.pack(nameOf(rule, endpoint), nameOf(rule, ruleText))
  }

  private static func nameOf(_ rule: Object, _ attribute: Object) -> UInt32 {
    guard let value = PyObject_GetAttr(rule, attribute) else {
      HookCalls.forget()
      return 0
    }
    defer { Py_DecRef(value) }
    return Python.name(value)
  }

  /// Another attachment has other names, and an address whose rule is gone may soon be another rule's.
  static func forget() {
    if rules == nil {
      rules = .allocate(capacity: size)
      for index in 0..<size { rules?[index] = (nil, 0, nil) }
    }
    for index in 0..<size {
      let watch = rules?[index].watch
      rules?[index] = (nil, 0, nil)
      Py_DecRef(watch)
    }
    count = 0
    attachment = Agent.attachment
  }
}
