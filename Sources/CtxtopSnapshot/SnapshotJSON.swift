// A snapshot as JSON, schema 1: the one encoder of both worlds. It prints a record, which is what the guest has; a
// snapshot is written as one first. Names are a contract with scripts: add, never rename. What is not known is null
// and never 0.
//
// The exporter prints facts: without a judgement, the verdicts, cpu_percent and the states of workers,
// units and contexts are null, and contexts_leaked is the agent's own count since the worker's start.
// With one, contexts_leaked counts the contexts that are leaked now.
//
//   SnapshotJSON.swift              the document
//   SnapshotJSONWorker.swift        a worker and what hangs on it
//   RecordSchema.swift              the keys, one table an entity
//   PreparedTables.swift            the same, quicker to print by
//   PrintedWorkers.swift            what of the snapshot before can be copied
//   FieldPrinter.swift              prints an entity by its table
//   RecordSums.swift                what follows from the facts alone
//   Values/JudgedJSON.swift         a snapshot that was judged: its verdicts

/// Prints snapshots as JSON.
public enum SnapshotJSON {
  /// The value of the key `schema`.
  public static let schema: StaticString = "ctxtop.snapshot/1"

  /// The snapshot of a record that this program has written, as one JSON object; as a line if wanted. A snapshot that
  /// is not judged may reuse what was printed of the one before.
  package static func encode(
    record: UnsafeRawBufferPointer, _ judgement: Judgement?, reusing printed: PrintedWorkers? = nil, line: Bool
  ) -> Bytes {
    var printer = FieldPrinter(record: record)
    document(record, judgement, printed, &printer)
    return printer.json.finish(line: line)
  }

  private static func document(
    _ record: UnsafeRawBufferPointer, _ judgement: Judgement?, _ printed: PrintedWorkers?,
    _ printer: inout FieldPrinter
  ) {
    guard record.count >= RecordHeader.byteCount, let bytes = record.bindMemory(to: UInt8.self).baseAddress else {
      return
    }
    var payload = FieldCursor(bytes + RecordHeader.byteCount, bytes + record.count)
    _ = payload.fixed()
    let offset = payload.fixed()
    var body = payload.part(offset)
    let count = body.fixed()
    // Each is read twice: for the totals, which come first, and when it is printed.
    let workers = UnsafeMutablePointer<(fields: WorkerFields, sums: RecordSums)>.allocate(capacity: count &+ 1)
    defer { workers.deallocate() }
    var totals = RecordSums()
    var teller: WorkerFields?
    for index in 0..<count {
      let fields = WorkerFields(&body)
      let sums = RecordSums(fields)
      let isPresent = fields.isPresent
      (workers + index).initialize(to: (fields, sums))
      if teller.map({ !$0.isPresent && isPresent }) ?? true { teller = fields }
      totals.add(sums, leaked: judged(index, judgement)?.leaked, isPresent: isPresent)
    }
    printer.json.openObject()
    printer.use(strings: payload)
    head(&body, &printer)
    tell(teller, &printer)
    totals.printTotals(&printer.json)
    printer.json.openArray("workers")
    for index in 0..<count {
      let fields = workers[index].fields
      printer.json.openObject()
      if let kept = printed?.find(index, fields.block) {
        printer.print(kept, pulse: fields.pulse)
      } else {
        printer.beginWorker()
        worker(fields, workers[index].sums, judged(index, judgement), &printer)
        if let printed { printer.keep(in: printed, index, fields.block) }
      }
      printer.json.closeObject()
    }
    printer.json.closeArray()
    printer.json.key("verdicts")
    #if hasFeature(Embedded)
      printer.json.null()
    #else
      verdicts(judgement, &printer.json)
    #endif
    actions(&body, judgement, &printer)
    printer.json.closeObject()
  }

  /// What clients asked to be done.
  private static func actions(_ body: inout FieldCursor, _ judgement: Judgement?, _ printer: inout FieldPrinter) {
    printer.print(RecordSchema.actionCounts, &body)
    let list = body.list()
    var rest = list.entities
    printer.json.openArray("actions")
    for index in 0..<list.count {
      var action = rest.entity()
      printer.json.openObject()
      #if !hasFeature(Embedded)
        if let judgement, index < judgement.actions.count, let target = judgement.actions[index] {
          printer.json.string("target", target)
        }
      #endif
      printer.print(RecordSchema.action, &action)
      printer.json.closeObject()
    }
    printer.json.closeArray()
  }

  private static func judged(_ index: Int, _ judgement: Judgement?) -> JudgedWorker? {
    #if hasFeature(Embedded)
      return nil
    #else
      guard let judgement, index < judgement.workers.count else { return nil }
      return judgement.workers[index]
    #endif
  }

  private static func head(_ body: inout FieldCursor, _ printer: inout FieldPrinter) {
    printer.json.key("schema")
    printer.json.word(UnsafeRawBufferPointer(start: schema.utf8Start, count: schema.utf8CodeUnitCount))
    printer.print(RecordSchema.names, &body)
    printer.json.time("time", printer.wallTime)
    printer.json.number("monotonic_ns", printer.monotonicTime)
  }

  /// The first worker that is there tells of the server; of workers that are all gone, the first.
  private static func tell(_ worker: WorkerFields?, _ printer: inout FieldPrinter) {
    let nothing = FieldCursor(schema.utf8Start, schema.utf8Start)
    var server = worker?.server ?? nothing
    var runtime = worker?.runtime ?? nothing
    printer.use(strings: worker?.strings ?? nothing)
    printer.object("server", RecordSchema.server, &server)
    printer.object("runtime", RecordSchema.runtime, &runtime)
  }
}
