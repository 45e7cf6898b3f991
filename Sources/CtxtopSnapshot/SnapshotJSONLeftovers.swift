// What a worker left behind, as JSON: orphan sessions, resources, contexts that vanished; and its hazards.

extension SnapshotJSON {
  static func leftovers(_ worker: Worker, in snapshot: Snapshot, _ json: inout JSONWriter) {
    array("sessions", worker.sessions, &json) { _, session, json in self.session(session, in: snapshot, &json) }
    array("resources", worker.resources, &json) { _, resource, json in self.resource(resource, in: snapshot, &json) }
    array("vanished", worker.vanished, &json) { _, vanished, json in self.vanished(vanished, &json) }
    array("hazards", worker.hazards, &json) { _, hazard, json in
      json.openObject()
      json.known("code", hazard.code)
      json.known("message", hazard.message)
      json.closeObject()
    }
  }

  private static func session(_ session: Session, in snapshot: Snapshot, _ json: inout JSONWriter) {
    json.openObject()
    json.number("id", session.id)
    json.number("unit", session.holder?.unit)
    json.number("context", session.holder.flatMap { $0.context == 0 ? nil : $0.context })
    json.word("state", session.heirRequest == 0 ? "orphan" : "inherited")
    json.known("scope", session.scope)
    json.milliseconds("age_ms", snapshot.age(of: session.since))
    json.bool("in_transaction", session.isInTransaction)
    json.bool("dirty", session.isDirty)
    json.bool("ended", session.hasEnded)
    json.key("holder")
    holder(session.holder, &json)
    json.key("inherited_by")
    if session.heirRequest == 0 {
      json.null()
    } else {
      json.openObject()
      label(session.heir, &json)
      json.closeObject()
    }
    json.closeObject()
  }

  private static func resource(_ resource: Resource, in snapshot: Snapshot, _ json: inout JSONWriter) {
    json.openObject()
    json.number("id", resource.id)
    json.known("kind", resource.kind)
    json.known("name", resource.name)
    json.word("state", resource.state == .held ? "held" : "waiting")
    json.milliseconds("age_ms", snapshot.age(of: resource.since))
    json.key("holder")
    holder(resource.holder, &json)
    json.closeObject()
  }

  private static func vanished(_ vanished: VanishedContext, _ json: inout JSONWriter) {
    json.openObject()
    json.word("kind", vanished.kind == .app ? "app" : "request")
    label(vanished.label, &json)
    json.known("frame", vanished.frame)
    json.number("unit", vanished.unit)
    json.number("count", vanished.count)
    json.time("first", vanished.first)
    json.time("last", vanished.last)
    json.closeObject()
  }
}
