// The schema and the encoder are two tables of one contract. Here they are held together: nothing is printed that is
// not described, and nothing described that is not printed.

import CtxtopModel
import CtxtopReport
import CtxtopSnapshot
import CtxtopTestKit
import Foundation
import Testing

@Suite("Schema")
struct SchemaTests {
  private typealias Object = [String: Any]
  private let market = Model(now: Fixture.market(at: 1), earlier: Fixture.market(at: 0))

  private static func object(_ text: [UInt8]) throws -> Object {
    try #require(try JSONSerialization.jsonObject(with: Data(text)) as? Object)
  }

  private static func source(_ name: String) throws -> String {
    let file = URL(filePath: #filePath).appending(path: "../../../Sources/CtxtopSnapshot/\(name)").standardized
    return try String(contentsOf: file, encoding: .utf8)
  }

  @Test("The published file is what the program prints")
  func published() {
    expectFile(SnapshotSchema.text, at: "Sources/CtxtopReport/Schema/ctxtop.snapshot-1.json")
  }

  @Test("The documents that a validator is given")
  func documents() throws {
    let facts = SnapshotJSON.encode(market.now) + [10]
    expectFile(
      String(decoding: Report.json(market), as: UTF8.self), at: "Tests/CtxtopReportTests/__Documents__/market.json")
    expectFile(String(decoding: facts, as: UTF8.self), at: "Tests/CtxtopReportTests/__Documents__/facts.json")
  }

  @Test("What is printed is what is described, object by object")
  func members() throws {
    let schema = try Self.object(Array(SnapshotSchema.text.utf8))
    var seen: Set<String> = []
    try compare(try Self.object(Report.json(market)), schema, in: schema, at: "", &seen)
    // Every object of the schema was met in the document: the comparison left nothing out.
    let definitions = try #require(schema["$defs"] as? Object)
    #expect(definitions.keys.allSatisfy { name in seen.contains { $0.hasSuffix(name) } }, "\(seen.sorted())")
  }

  private func compare(_ value: Any, _ part: Object, in schema: Object, at path: String, _ seen: inout Set<String>)
    throws
  {
    var part = part
    if let choice = (part["anyOf"] as? [Object])?.first { part = choice }
    if let reference = part["$ref"] as? String {
      let name = String(try #require(reference.split(separator: "/").last))
      part = try #require((schema["$defs"] as? Object)?[name] as? Object)
      seen.insert(name)
    }
    if let list = value as? [Any] {
      let items = try #require(part["items"] as? Object)
      for element in list { try compare(element, items, in: schema, at: path + "[]", &seen) }
    }
    guard let object = value as? Object, let members = part["properties"] as? Object else { return }
    // Whose a worker or a verdict is stands there only where several targets are watched.
    let required = Set(part["required"] as? [String] ?? [])
    #expect(Set(members.keys).subtracting(required).isSubset(of: ["target"]), "\(path)")
    #expect(required.isSubset(of: object.keys) && Set(object.keys).isSubset(of: members.keys), "\(path)")
    for (name, member) in object {
      guard let description = members[name] as? Object else { continue }
      try compare(member, description, in: schema, at: "\(path).\(name)", &seen)
    }
  }

  @Test("Every key that the encoder has is described")
  func keys() throws {
    let described = Set(SnapshotSchema.text.matches(of: /"(\w+)": \{/).map { String($0.1) })
    let table = try Self.source("RecordSchema.swift").matches(of: /\n {6}[a-zA-Z{] (\w+)/).map { String($0.1) }
    var calls: [String] = []
    for file in ["SnapshotJSON.swift", "SnapshotJSONWorker.swift", "RecordSums.swift", "Values/JudgedJSON.swift"] {
      let call =
        /(?:key|string|number|bool|time|milliseconds|percent|openObject|openArray|object|list|null)\(\s*"(\w+)"/
      calls += try Self.source(file).matches(of: call).map { String($0.1) }
    }
    // What would not be found would not be compared.
    #expect(table.count > 80 && calls.count > 60)
    // Two are values and no keys.
    #expect(Set(table + calls).subtracting(described).subtracting(["orphan", "inherited"]) == [])
  }

  @Test("Every word that the encoder has for a case is described")
  func words() throws {
    let enums = SnapshotSchema.text.matches(of: /"enum": \[([^\]]+)\]/).map { match in
      Set(match.1.split(separator: ",").map { $0.filter { $0.isLetter || $0 == "_" } })
    }
    let tables = try Self.source("RecordSchema.swift").matches(of: /\n {6}e \w+ ([a-z_ -]+)/)
    #expect(tables.count == 8)
    for table in tables {
      let words = Set(table.1.split(separator: " ").filter { $0 != "-" }.map(String.init))
      #expect(enums.contains { $0.isSuperset(of: words) }, "\(words)")
    }
  }
}
