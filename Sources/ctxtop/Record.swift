// `ctxtop record`: what an app tells, as a file to look at later.

import ArgumentParser
import CtxtopStore

/// Records an app.
struct Record: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Record what the dashboard would show into a file.",
    usage: "ctxtop record [<target>] --output <file> [<options>]",
    discussion: """
      Records until it is stopped by INT, TERM or HUP, or for as long as it is told to. A recording that is there is \
      gone on with; where time passed without records, it says so. What it was recorded from may go and come back. \
      When there is no room on the disk, the file stays whole, and recording goes on as soon as there is.

      A file that is large or old enough is renamed to what it is called and when it began, as in \
      shop-20261122T090412Z.ctxtop, and a new one is begun; so it is on USR1.

      EXAMPLES:
        ctxtop record shop -o shop.ctxtop
        ctxtop record shop -o shop.ctxtop --for 1h
        ctxtop record -o night.ctxtop -i 5 --rotate-size 100M --keep 7
        ctxtop record shop -o shop.ctxtop --wait --rotate-age 1d --keep 14
        ctxtop shop.ctxtop      look at it
      """)

  @OptionGroup var target: AppArgument

  @Option(name: [.customShort("o"), .customLong("output")], help: ArgumentHelp("The file.", valueName: "file"))
  var output: String?

  @Option(
    name: [.customShort("i"), .customLong("interval")], help: "Seconds between records, from 0.1. (default: 1)",
    transform: Seconds.read)
  var interval: Seconds = Seconds(1)

  @Option(
    name: [.customShort("n"), .customLong("count")], help: "End after so many records.",
    transform: Count.read)
  var count: Count?

  @Option(
    name: .customLong("for"), help: ArgumentHelp("End after this time: 90s, 30m, 12h, 1d.", valueName: "time"),
    transform: Period.read)
  var period: Period?

  @Option(
    help: ArgumentHelp("Begin a new file when this one is larger: 500k, 100M, 2G; from 64k.", valueName: "size"),
    transform: ByteCount.read)
  var rotateSize: ByteCount?

  @Option(
    help: ArgumentHelp("Begin a new file when this one is older: 12h, 1d.", valueName: "time"),
    transform: Period.read)
  var rotateAge: Period?

  @Option(help: "Keep so many of the renamed files, and remove older ones. (default: all)", transform: Count.read)
  var keep: Count?

  @Flag(help: "Wait for the app if it is not there yet.")
  var wait = false

  @Flag(name: .shortAndLong, help: "Show no progress.")
  var quiet = false

  func validate() throws {
    if output == "-" { throw ValidationError("a recording is a file, and -o wants its path") }
    if keep != nil && rotateSize == nil && rotateAge == nil {
      throw ValidationError("--keep is for --rotate-size and --rotate-age")
    }
  }

  func run() throws {
    // The parser would miss it before it sees that there is a target too many.
    guard let output else {
      throw Failure(
        "reading the command line", "missing expected argument '--output <file>'", "see `ctxtop record --help`", .usage)
    }
    let rotation = Rotation(path: output, size: rotateSize?.bytes, age: rotateAge?.nanoseconds, keep: keep?.value)
    let plan = Recorder.Plan(
      interval: interval.nanoseconds, count: count?.value, period: period?.nanoseconds, waits: wait)
    try Recorder(plan, into: rotation, Progress(isQuiet: quiet)).run { try target.app(for: "recording") }
  }
}
