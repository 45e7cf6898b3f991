// Everything known about a connection, a session or a lock: who holds it since when, and where it comes from.

import CtxtopModel
import CtxtopScreen
import CtxtopSnapshot

extension DetailText {
  /// Adds everything about what is held.
  mutating func holding(_ row: HoldingRow, _ verdicts: [Verdict], _ charts: [NumberChart]) {
    heading("\(row.shortName) of \(row.worker.fullName)")
    self.verdicts(verdicts)
    state(row.state.name, row.state.level, row.state.meaning)
    field("since", moment(row.since, in: row.model.now))
    if let connection = row.connection { self.connection(connection, row) }
    if let session = row.session { self.session(session) }
    if let resource = row.resource {
      field("kind", row.kindName)
      field("name", resource.name)
    }
    holder(of: row)
    if let engine = row.engine { pool(engine, of: row) }
    self.charts(charts)
    heading("Names")
    field("number", "\(row.id), tenant \(row.generation)")
  }

  private mutating func connection(_ connection: Connection, _ row: HoldingRow) {
    field("database", row.engine?.url, .value)
    field("backend", connection.backendPID.map { "process \($0) of the database server" })
    field("opened", moment(connection.opened, in: row.model.now))
  }

  private mutating func session(_ session: Session) {
    field("scope", session.scope)
    field("work", session.workText, session.isDirty || session.isInTransaction ? .warning : .text)
    if session.heirRequest != 0 { field("inherited by", session.heir?.text ?? "a request", .critical) }
  }

  /// Adds who holds it, and whether they are still there.
  private mutating func holder(of row: HoldingRow) {
    heading(row.isOut ? "Held by" : "Holder")
    guard let holder = row.holder else { return text(row.isOut ? "nobody is known" : "nobody", .dim) }
    field("request", holder.label?.text ?? "work outside of a request", .value)
    field("endpoint", holder.label?.endpoint)
    field("where", holder.frame, .value)
    let unit = row.holderUnit.map { UnitRow(row.model, worker: row.workerIndex, unit: $0) }
    field("unit", unit.map { "\($0.shortName): \($0.state.rawValue)" } ?? holder.unit.map { "\($0), which is gone" })
    if holder.request != 0 {
      let isServed = row.worker.units.contains { $0.request?.serial == holder.request }
      field("that request", isServed ? "is being served" : "has ended", isServed ? .good : .warning)
    }
    guard holder.context != 0 else { return field("context", "none: taken outside of any") }
    let identity = RowIdentity.context(worker: row.worker.key, serial: holder.context)
    let context = row.model.context(for: identity)
    field(
      "context", context.map { "\($0.kindName), \($0.shownState.rawValue)" } ?? "is gone",
      context == nil ? .warning : .text)
  }

  /// Adds the pool, and how much of it is out.
  private mutating func pool(_ engine: Engine, of row: HoldingRow) {
    heading("Pool")
    let out = row.worker.connections.count { $0.engine == row.connection?.engine && $0.state == .checkedOut }
    field("engine", describe(engine))
    let isEmpty = engine.limit.map { UInt64(out) >= $0 } ?? false
    field(
      "out", Format.screen(.share(UInt64(out), of: engine.limit)) + (isEmpty ? ": a checkout must wait" : ""),
      isEmpty ? .critical : .text)
    field("a checkout waits", engine.timeout.map { "\(Format.duration($0 * 1_000_000)) at most" })
  }

  /// `postgresql://app@db/shop  pool 5, overflow 10`.
  func describe(_ engine: Engine) -> String {
    let pool = engine.poolSize.map { "pool \($0)" } ?? "no pool size"
    let overflow = engine.overflow.map { $0 < 0 ? ", any overflow" : ", overflow \($0)" } ?? ""
    return "\(engine.url)  \(pool)\(overflow)"
  }

  /// `connection 3 checked_out 4m12s: thread 7, GET /chat at shop.py:44 chat`.
  func summary(of row: HoldingRow) -> String {
    let backend = row.connection?.backendPID.map { "  backend \($0)" } ?? ""
    let heir = row.session?.heir.map { "; now of \($0.text)" } ?? ""
    return "\(row.shortName) \(row.state.name) \(Format.age(row.age))"
      + (row.holderText.map { ": \($0)" } ?? "") + heir + backend
  }
}
