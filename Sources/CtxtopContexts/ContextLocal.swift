// Values that live as long as a context does: Flask's `g`.

import Synchronization

/// A value of each context. Make it once, as a static or global constant, and use it as `context[local]`.
///
/// The value belongs to the unit that the context stands on: another task does not see it.
public struct ContextLocal<Value>: Sendable {
  let key: UInt64

  /// A new kind of value.
  public init() { key = LocalKeys.next.wrappingAdd(1, ordering: .relaxed).newValue }
}

private enum LocalKeys {
  static let next = Atomic<UInt64>(0)
}

/// The values of one context: few, so that looking at each of them is quick.
struct LocalValues {
  private var items: [(key: UInt64, value: Any)] = []

  subscript(_ key: UInt64) -> Any? {
    get { items.first { $0.key == key }?.value }
    set {
      let index = items.firstIndex { $0.key == key }
      switch (index, newValue) {
      case (let index?, let value?): items[index].value = value
      case (let index?, nil): items.remove(at: index)
      case (nil, let value?): items.append((key, value))
      case (nil, nil): break
      }
    }
  }

  @inline(__always)
  mutating func removeAll() {
    if !items.isEmpty { items.removeAll(keepingCapacity: true) }
  }
}

extension AppContext {
  /// The value of this context; nil: it has none.
  public subscript<Value>(_ local: ContextLocal<Value>) -> Value? {
    get { values[local.key] as? Value }
    set { values[local.key] = newValue }
  }
}

extension RequestContext {
  /// The value of this context; nil: it has none.
  public subscript<Value>(_ local: ContextLocal<Value>) -> Value? {
    get { values[local.key] as? Value }
    set { values[local.key] = newValue }
  }
}
