// What `ctxtop relay` writes, taken apart again. It comes from another host: bounded, and believed nothing.
//
//   ctxtop relay 1 VERSION\n    once; what stands before it is what a login says there
//   [ record ]                  as an exporter sends it; begins with a capital letter
//   word\tfield\t...\n          live, segment, reconnecting, connecting, ended, answer, failed

import CtxtopSnapshot

/// Why something failed on another host, in the words of the ctxtop there, cleaned.
package struct FarFailure: Equatable, Sendable {
  /// What was tried, what happened, and what can be done.
  package let tried, happened, remedy: String
  /// The exit status that it would have been there.
  package let status: Int32

  /// A failure with every part given.
  package init(tried: String, happened: String, remedy: String, status: Int32) {
    self.tried = tried
    self.happened = happened
    self.remedy = remedy
    self.status = status
  }
}

/// One thing that a relay says.
package enum RelayWord: Equatable, Sendable {
  case connecting, live, ended
  case segment(FarFailure?)
  case reconnecting(FarFailure)
  case answer(String)
  case failed(FarFailure)

  /// Its line, without the newline.
  package var line: String {
    func with(_ word: String, _ failure: FarFailure) -> String {
      ([word, "\(failure.status)"] + [failure.tried, failure.happened, failure.remedy].map(Self.field)).joined(
        separator: "\t")
    }
    switch self {
    case .connecting: return "connecting"
    case .live: return "live"
    case .ended: return "ended"
    case .segment(nil): return "segment"
    case .segment(let failure?): return with("segment", failure)
    case .reconnecting(let failure): return with("reconnecting", failure)
    case .failed(let failure): return with("failed", failure)
    case .answer(let text): return "answer\t" + Self.field(text)
    }
  }

  /// Reads a line; nil: it says nothing that is known.
  package init?(_ line: [UInt8]) {
    let fields = line.split(separator: 9, omittingEmptySubsequences: false).map { SaidText.cleaned($0) }
    let failure = fields.count == 5 ? Self.failure(fields) : nil
    switch (fields[0], fields.count, failure) {
    case ("connecting", 1, _): self = .connecting
    case ("live", 1, _): self = .live
    case ("ended", 1, _): self = .ended
    case ("segment", 1, _): self = .segment(nil)
    case ("segment", _, let failure?): self = .segment(failure)
    case ("reconnecting", _, let failure?): self = .reconnecting(failure)
    case ("failed", _, let failure?): self = .failed(failure)
    case ("answer", 2, _): self = .answer(fields[1])
    default: return nil
    }
  }

  private static func failure(_ fields: [String]) -> FarFailure? {
    Int32(fields[1]).map { FarFailure(tried: fields[2], happened: fields[3], remedy: fields[4], status: $0) }
  }

  /// A field has neither tabs nor newlines, and is not long.
  private static func field(_ text: String) -> String { SaidText.cleaned(Array(text.utf8.prefix(700))) }
}

/// The bytes of one relay.
package struct RelayStream {
  package enum Item: Equatable {
    case greeting
    case word(RelayWord)
    case snapshot(Snapshot, [UInt8]?)
  }

  /// The version of the relay's own lines.
  package static let version = 1
  /// What the first line begins with.
  static let greeting = "ctxtop relay "
  /// So much may stand before the greeting, and no line is longer.
  private static let prefaceLimit = 65_536
  private static let lineLimit = 4096

  private(set) var hasGreeted = false
  private var records: RecordStream
  private var skipped = 0
  private let path: String

  /// The stream of the relay of `path`, which appears in errors.
  package init(path: String) {
    self.path = path
    records = RecordStream(path: path)
  }

  package var keepsRecord: Bool {
    get { records.keepsRecord }
    set { records.keepsRecord = newValue }
  }

  /// Lets `body` append what has arrived.
  package mutating func fill<Result>(_ body: (inout [UInt8]) throws(SystemError) -> Result) throws(SystemError)
    -> Result
  {
    try records.fill(body)
  }

  /// The next thing; nil: more bytes are needed. After an error the stream is of no more use.
  package mutating func next() throws(StoreError) -> Item? {
    while !hasGreeted {
      guard let line = try records.line(limit: Self.prefaceLimit) else { return nil }
      if let version = Self.version(in: line) {
        guard version == Self.version else { throw .otherRelay(path, version: version) }
        hasGreeted = true
        return .greeting
      }
      skipped += line.count + 1
      if skipped > Self.prefaceLimit { throw .notOurProtocol(path) }
    }
    // The lines of a relay begin with a small letter, and records do not.
    guard let first = records.first else { return nil }
    if !(97...122).contains(first) { return try records.next().map { .snapshot($0, records.record) } }
    guard let line = try records.line(limit: Self.lineLimit) else { return nil }
    guard let word = RelayWord(line) else { throw .notOurProtocol(path) }
    return .word(word)
  }

  /// `ctxtop relay 1 1.0.0`
  private static func version(in line: [UInt8]) -> Int? {
    guard line.starts(with: greeting.utf8) else { return nil }
    let rest = line.dropFirst(greeting.utf8.count).prefix { $0 != 32 }
    return Int(String(decoding: rest, as: UTF8.self))
  }
}

extension RelayWord {
  /// What a relay says first.
  package static func greeting(of version: String) -> String {
    "\(RelayStream.greeting)\(RelayStream.version) \(version)"
  }
}
