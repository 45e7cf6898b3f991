// What the tables of the schema are made of, and how they become JSON Schema, draft 2020-12.

/// What a member may be.
indirect enum SchemaType {
  /// A whole number from 0 on.
  case count
  /// A whole number of either sign.
  case integer
  /// A number from 0 on, not always whole.
  case number
  case text
  case bool
  /// RFC 3339, UTC, to the nanosecond.
  case time
  /// One of some words.
  case words([String])
  /// Always this text.
  case constant(String)
  /// An object that is described where it stands.
  case object([SchemaMember])
  /// An object with any names, whose values are texts.
  case texts
  /// An object that is described under a name.
  case named(String)
  case list(of: SchemaType)
  /// That, or null.
  case optional(SchemaType)
}

/// A member of an object.
struct SchemaMember {
  let name: String
  let type: SchemaType
  /// What it says, without its unit.
  let description: String
  /// The unit of a number.
  let unit: String?
  /// Whether it is left out where it would say nothing.
  let isOptional: Bool

  init(_ name: String, _ type: SchemaType, unit: String? = nil, isOptional: Bool = false, _ description: String) {
    self.isOptional = isOptional
    self.name = name
    self.type = type
    self.description = description
    self.unit = unit
  }
}

extension SchemaType {
  /// That, or null: not known, or there is none.
  var orNull: SchemaType { .optional(self) }

  /// The keywords that say what it is.
  var keywords: [(String, JSONText)] {
    switch self {
    case .count: [("type", .text("integer")), ("minimum", .integer(0))]
    case .integer: [("type", .text("integer"))]
    case .number: [("type", .text("number")), ("minimum", .integer(0))]
    case .text: [("type", .text("string"))]
    case .bool: [("type", .text("boolean"))]
    case .time:
      [("type", .text("string")), ("format", .text("date-time")), ("pattern", .text(Self.timePattern))]
    case .words(let words): [("type", .text("string")), ("enum", .array(words.map { .text($0) }))]
    case .constant(let text): [("const", .text(text))]
    case .object(let members): Self.keywords(of: members)
    case .texts: [("type", .text("object")), ("additionalProperties", .object(SchemaType.text.keywords))]
    case .named(let name): [("$ref", .text("#/$defs/\(name)"))]
    case .list(let element): [("type", .text("array")), ("items", .object(element.keywords))]
    case .optional(let type): type.keywordsWithNull
    }
  }

  private static let timePattern = "^\\d{4,}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{9}Z$"

  private var keywordsWithNull: [(String, JSONText)] {
    if case .named = self { return [("anyOf", .array([.object(keywords), .object([("type", .text("null"))])]))] }
    return keywords.map { name, value in
      switch (name, value) {
      case ("type", .string(let type)): (name, .array([.text(type), .text("null")]))
      case ("enum", .array(let words)): (name, .array(words + [.null]))
      default: (name, value)
      }
    }
  }

  /// All members that are described are there, unless they may be left out. Others may come.
  private static func keywords(of members: [SchemaMember]) -> [(String, JSONText)] {
    [
      ("type", .text("object")),
      ("properties", .object(members.map { ($0.name, .object($0.keywords)) })),
      ("required", .array(members.filter { !$0.isOptional }.map { .text($0.name) })),
    ]
  }
}

extension SchemaMember {
  fileprivate var keywords: [(String, JSONText)] {
    let unit: [(String, JSONText)] = unit.map { [("x-unit", .text($0))] } ?? []
    return [("description", .text(description))] + type.keywords + unit
  }
}
