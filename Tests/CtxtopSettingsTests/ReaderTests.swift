// The file and the environment: what they choose, and what is told of mistakes in them.

import CtxtopScreen
import CtxtopSelection
import CtxtopSettings
import Testing

@Suite struct ReaderTests {
  @Test func theDefaultsAsAFileChangeNothing() {
    let reader = read(DefaultsText.toml)
    #expect(reader.mistakes.isEmpty)
    #expect(reader.settings == Settings())
  }

  /// Every line of the defaults that is no comment can be changed and is read.
  @Test func everySettingIsInTheDefaults() {
    let lines = DefaultsText.toml.split(separator: "\n")
    for setting in Setting.all {
      #expect(lines.contains("\(setting.parts.name) = \(setting.defaultValue)"), "\(setting.key)")
    }
    #expect(lines.count { !$0.hasPrefix("#") && $0.contains(" = ") } == Setting.all.count)
  }

  @Test func whatLooksLikeATableMayBePartOfAString() {
    let reader = read("workers.filter = \"\"\"\n[^a]\\\"\"\n[!b]\"\"\"\nverdicts.columns = [\n[\"code\"]\n]\n")
    #expect(!reader.mistakes.contains { $0.text.contains("without a name") })
  }

  @Test func aFileChooses() {
    let reader = read(
      """
      theme = "colorblind"
      interval = 2
      workers = { sort = "-pid" }
      failures.filter = "!cart"
      [meters]
      warning = 0.5
      [verdicts]
      columns = ["code", "message"]
      """)
    #expect(reader.mistakes.isEmpty)
    #expect(reader.settings.theme == .colorblind && reader.settings.interval == 2_000)
    #expect(reader.settings[.workers].sort == SortChoice("pid", isInverse: true))
    #expect(reader.settings[.failures].filter == "!cart")
    #expect(reader.settings.meters.warning == 0.5)
    #expect(reader.settings[.verdicts].columns == .only(["code", "message"]))
  }

  @Test(arguments: [
    ("theme = blue", "f:1:9: not TOML: "),
    ("\ntheme = \"blue\"", "f:2:1: theme is \"blue\", and may be default, dark, light, colorblind"),
    ("\n  mouse = 1", "f:2:3: mouse is 1, and may be true or false"),
    ("readonly = \"yes\"", "f:1:1: readonly is \"yes\", and may be true or false"),
    ("interval = 1979-05-27", "f:1:1: interval is a date, and may be a number of seconds from 0.1 to 86400"),
    ("view = []", "f:1:1: view is [], and may be workers, units"),
    ("themes = \"dark\"", "f:1:1: there is no setting themes; is it theme?"),
    ("xyzzy = 1", "f:1:1: there is no setting xyzzy"),
    ("[workers]\n\nsrt = \"pid\"", "f:3:1: there is no setting workers.srt; is it workers.sort?"),
    ("[workers]\n'sort' = 7", "f:2:1: workers.sort is 7, and may be a column of workers"),
    ("workers = 7", "f:1:1: workers is a table, as in [workers]"),
    ("[theme]\na = 1", "f:2:1: there is no setting theme.a"),
    ("[meters]\nwarning = 0.95", "f:2:1: meters.warning is greater than meters.critical"),
    ("theme = \"a\"\ntheme = \"b\"", "f:2:"),
    ("# [!a]\n[!views]", "f:2:2: not TOML: a table without a name"),
    ("[\n", "f:1:2: not TOML: a table without a name"), ("[[ ", "f:1:"), ("[]", "f:1:"),
    ("a = '''\n[!b] \" \n'''\n[= ]", "f:4:2: not TOML: a table without a name"),
  ])
  func aMistakeIsToldWithItsPlace(text: String, line: String) throws {
    let reader = read(text)
    #expect(reader.mistakes.count == 1)
    #expect(try #require(reader.mistakes.first).line.hasPrefix(line), "\(reader.mistakes)")
    #expect(reader.settings == Settings())
  }

  @Test func aMistakeCostsItselfOnly() {
    let reader = read("theme = \"dark\"\ninterval = 0\nmouse = false")
    #expect(reader.mistakes.count == 1)
    #expect(reader.settings.theme == .dark && !reader.settings.usesMouse && reader.settings.interval == 1_000)
  }

  @Test func mistakesComeInTheOrderOfTheFile() {
    let lines = read("theme = 1\nmouse = 2\n[workers]\nsort = 3\n[failures]\nsort = 4").mistakes.map(\.line)
    #expect(lines.map { $0.prefix(4) } == ["f:1:", "f:2:", "f:4:", "f:6:"])
  }

  @Test func whatIsNoTextIsNotRead() {
    var reader = SettingsReader()
    reader.readFile(Array("theme = \"dark\"\n".utf8) + [0xFF], at: "f")
    #expect(reader.mistakes.map(\.line) == ["f:2: not UTF-8 text"])
    #expect(reader.settings == Settings())
    reader = SettingsReader()
    reader.readFile(Array("theme = \"dark\"\n\0".utf8), at: "f")
    #expect(reader.mistakes.map(\.line) == ["f:2: not UTF-8 text"])
  }

  @Test func aHugeFileIsNotRead() {
    var reader = SettingsReader()
    reader.readFile(Array(repeating: 10, count: SettingsReader.greatestFile), at: "f")
    #expect(reader.mistakes.isEmpty)
    reader.readFile(Array(repeating: 10, count: SettingsReader.greatestFile + 1), at: "f")
    #expect(reader.mistakes.map(\.line) == ["f: larger than 64 KiB; not read"])
  }

  /// Deep nesting must end in a line, and not in a stack that is full.
  @Test func depthIsNoHarm() {
    let reader = read("theme = " + String(repeating: "[", count: 30_000))
    #expect(reader.mistakes.count == 1)
  }

  /// Whatever stands in the file: an orderly end.
  @Test func randomFilesAreNoHarm() {
    var dice = SystemRandomNumberGenerator()
    let good = Array(DefaultsText.toml.utf8)
    for _ in 0..<300 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...6, using: &dice) {
        bytes[Int.random(in: 0..<bytes.count, using: &dice)] = UInt8.random(in: 0...255, using: &dice)
      }
      var reader = SettingsReader()
      reader.readFile(bytes, at: "f")
      for mistake in reader.mistakes { #expect(mistake.line.hasPrefix("f") && !mistake.line.contains("\n")) }
    }
  }

  @Test func theEnvironmentWinsOverTheFile() {
    var reader = read("theme = \"dark\"\nmouse = false")
    reader.readEnvironment { ["CTXTOP_THEME": "light", "CTXTOP_WORKERS_SORT": "-pid"][$0] }
    #expect(reader.mistakes.isEmpty)
    #expect(reader.settings.theme == .light && !reader.settings.usesMouse)
    #expect(reader.settings[.workers].sort == SortChoice("pid", isInverse: true))
  }

  @Test func aMistakeInTheEnvironmentLeavesTheFilesValue() {
    var reader = read("theme = \"dark\"")
    reader.readEnvironment { ["CTXTOP_THEME": "blue"][$0] }
    #expect(reader.settings.theme == .dark)
    #expect(reader.mistakes.map(\.line).first?.hasPrefix("CTXTOP_THEME: ") == true)
  }

  private func read(_ text: String) -> SettingsReader {
    var reader = SettingsReader()
    reader.readFile(Array(text.utf8), at: "f")
    return reader
  }
}
