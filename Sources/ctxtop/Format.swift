// The formats of `dump`.

import ArgumentParser
import CtxtopModel
import CtxtopReport
import CtxtopSnapshot

/// A way to print a model.
enum Format: String, CaseIterable, ExpressibleByArgument {
  case json, ndjson, csv, text

  /// Whether one of several tables can be chosen.
  var hasTables: Bool { self == .csv || self == .text }

  /// The model in this format.
  func render(_ model: Model, table: DumpTable?, isFirst: Bool) -> [UInt8] {
    SnapshotJSON.encode(model.now, judgement: model.judgement) + [10]
  }
}

/// The tables that can be chosen.
enum DumpTable: String, CaseIterable, ExpressibleByArgument {
  case workers, failures, verdicts
}
