// A snapshot with what was concluded from it, as JSON: the operator's side of SnapshotJSON.

extension SnapshotJSON {
  /// One JSON object, without a newline.
  public static func encode(_ snapshot: Snapshot, judgement: Judgement? = nil) -> [UInt8] {
    let record = RecordEncoder.encode(snapshot)
    return record.withUnsafeBytes { encode(record: $0, judgement, line: false).withBytes { [UInt8]($0) } }
  }

  static func verdicts(_ judgement: Judgement?, _ json: inout JSONWriter) {
    guard let judgement else { return json.null() }
    json.openArray()
    for verdict in judgement.verdicts { self.verdict(verdict, &json) }
    json.closeArray()
  }

  private static func verdict(_ verdict: JudgedVerdict, _ json: inout JSONWriter) {
    json.openObject()
    json.string("code", verdict.code)
    json.string("name", verdict.name)
    json.string("severity", verdict.severity)
    if let target = verdict.target { json.string("target", target) }
    json.number("worker", Int(verdict.worker))
    json.number("unit", verdict.unit)
    json.number("context", verdict.context)
    json.number("connection", verdict.connection)
    json.number("session", verdict.session)
    json.time("since", verdict.since)
    json.number("count", verdict.count)
    json.string("message", verdict.message)
    json.string("remedy", verdict.remedy)
    json.openObject("evidence")
    for evidence in verdict.evidence { json.member(evidence.key, evidence.value) }
    json.closeObject()
    json.closeObject()
  }
}
