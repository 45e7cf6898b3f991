// An object of a document: each member is checked when it is asked for. What is missing or null is not known: nil, zero
// or empty, as in a record.

internal import CtxtopModel
import CtxtopSnapshot
import FoundationEssentials

/// The name of a member, whatever it is.
struct DocumentKey: CodingKey {
  let stringValue: String
  let intValue: Int?

  init(_ name: String) {
    stringValue = name
    intValue = nil
  }

  init?(stringValue: String) { self.init(stringValue) }

  init?(intValue: Int) {
    stringValue = String(intValue)
    self.intValue = intValue
  }
}

struct DocumentObject {
  /// As many workers as a record may have, and more units than a worker can have.
  private static let longestArray = 1 << 16

  private let members: KeyedDecodingContainer<DocumentKey>

  init(_ decoder: any Decoder) throws { members = try decoder.container(keyedBy: DocumentKey.self) }

  private init(_ members: KeyedDecodingContainer<DocumentKey>) { self.members = members }

  // MARK: Values

  func text(_ name: String) throws -> String { try optionalText(name) ?? "" }
  func optionalText(_ name: String) throws -> String? { try value(name) }
  func count(_ name: String) throws -> UInt64 { try value(name) ?? 0 }
  func optionalCount(_ name: String) throws -> UInt64? { try value(name) }
  func integer(_ name: String) throws -> Int? { try value(name) }
  func processID(_ name: String) throws -> Int32? { try value(name) }
  func identifier(_ name: String) throws -> UInt32 { try value(name) ?? 0 }
  func flag(_ name: String) throws -> Bool { try value(name) ?? false }

  /// An index or a depth.
  func natural(_ name: String) throws -> Int { try optionalNatural(name) ?? 0 }

  func optionalNatural(_ name: String) throws -> Int? {
    let value: UInt32? = try value(name)
    return value.map(Int.init)
  }

  /// A date with its time, as nanoseconds since 1970; 0: there is none.
  func time(_ name: String) throws -> UInt64 {
    guard let text = try optionalText(name) else { return 0 }
    guard let time = TimeReference.timestamp(text) else { throw wrong(name, .notA("a time")) }
    return time
  }

  /// A number that is written with decimals, in units of its last one: thousandths, say.
  func decimal(_ name: String, scale: Double) throws -> UInt64? {
    let value: Double? = try value(name)
    guard let value else { return nil }
    let units = (value * scale).rounded()
    guard units >= 0, units < 0x1p63 else { throw wrong(name, .notA("a number in range")) }
    return UInt64(units)
  }

  /// Milliseconds, as nanoseconds.
  func milliseconds(_ name: String) throws -> UInt64? {
    guard let microseconds = try decimal(name, scale: 1000) else { return nil }
    guard microseconds <= .max / 1000 else { throw wrong(name, .notA("a time that can be")) }
    return microseconds * 1000
  }

  /// The monotonic time that was so many milliseconds before `now`; nil where there is none. What is as old as the
  /// clock has no known time: it is written as the age of 0.
  func moment(_ name: String, before now: UInt64) throws -> UInt64? {
    guard let age = try milliseconds(name) else { return nil }
    return age >= now / 1000 * 1000 ? 0 : now - age
  }

  /// One of the words for the cases of an enum; nil: there is none.
  func word<Case>(_ name: String, _ cases: [String: Case]) throws -> Case? {
    guard let word = try optionalText(name) else { return nil }
    guard let known = cases[word] else { throw wrong(name, .unknownWord(word)) }
    return known
  }

  /// One of the words that a state is written as.
  func state<State: LegendState>(_ name: String, _ type: State.Type) throws -> State? {
    guard let word = try optionalText(name) else { return nil }
    guard let state = State(rawValue: word) else { throw wrong(name, .unknownWord(word)) }
    return state
  }

  // MARK: Structure

  /// Whether there is such a member, be it null.
  func names(_ name: String) -> Bool { members.contains(DocumentKey(name)) }

  func has(_ name: String) throws -> Bool {
    try names(name) && !members.decodeNil(forKey: DocumentKey(name))
  }

  func object(_ name: String) throws -> DocumentObject? {
    guard try has(name) else { return nil }
    return DocumentObject(try members.nestedContainer(keyedBy: DocumentKey.self, forKey: DocumentKey(name)))
  }

  /// The objects of an array; none where it is missing.
  func objects(_ name: String) throws -> [DocumentObject] {
    guard try has(name) else { return [] }
    var array = try members.nestedUnkeyedContainer(forKey: DocumentKey(name))
    guard array.count ?? 0 <= Self.longestArray else { throw wrong(name, .tooMuch) }
    var objects: [DocumentObject] = []
    while !array.isAtEnd {
      objects.append(DocumentObject(try array.nestedContainer(keyedBy: DocumentKey.self)))
    }
    return objects
  }

  /// The texts of an array.
  func texts(_ name: String) throws -> [String] { try value(name) ?? [] }

  /// The texts of an object, in its order.
  func pairs(_ name: String) throws -> [(key: String, value: String)] {
    guard let object = try object(name) else { return [] }
    return try object.members.allKeys.map { ($0.stringValue, try object.text($0.stringValue)) }
  }

  /// What is wrong with a member.
  func wrong(_ name: String, _ reason: DocumentError.Reason) -> DocumentError {
    DocumentError(place: DocumentError.place(members.codingPath + [DocumentKey(name)]), reason: reason)
  }

  private func value<Value: Decodable>(_ name: String) throws -> Value? {
    do {
      return try members.decodeIfPresent(Value.self, forKey: DocumentKey(name))
    } catch let error as DecodingError {
      guard case .dataCorrupted = error else { throw error }
      throw wrong(name, .notA(DocumentError.name(of: Value.self)))
    } catch {
      // The whole is JSON: this is a number beyond its type, or text that is none. The decoder does not say where, and
      // throws an error of its own that only its outermost part makes a `DecodingError`.
      throw wrong(name, .notA(DocumentError.name(of: Value.self)))
    }
  }
}
