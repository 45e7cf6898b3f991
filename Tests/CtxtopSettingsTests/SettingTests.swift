// The table of settings: its names, its defaults, and what every kind of value may be.

import CtxtopSelection
import CtxtopSettings
import Testing

@Suite struct SettingTests {
  @Test func keysAndVariablesAreUnique() {
    #expect(Set(Setting.all.map(\.key)).count == Setting.all.count)
    #expect(Set(Setting.all.map(\.variable)).count == Setting.all.count)
  }

  /// The agent reads variables of its own; one name must not mean two things.
  @Test func noVariableIsOneOfTheAgents() {
    let agents = ["ENABLED", "NAME", "DIR", "GROUP", "GUARD", "ISOLATE", "RECYCLE", "CONTROL", "MESSAGES"]
    #expect(Set(Setting.all.map(\.variable)).isDisjoint(with: agents.map { "CTXTOP_" + $0 }))
  }

  @Test func defaultsAreAccepted() {
    for setting in Setting.all {
      var settings = Settings()
      #expect(setting.choose(setting.defaultValue, in: &settings) == nil, "\(setting.key)")
      #expect(settings == Settings(), "\(setting.key)")
    }
  }

  @Test(arguments: [
    ("theme", "light"), ("shapes", "ascii"), ("color", "none"), ("mouse", "off"), ("interval", "0.25"),
    ("view", "failures"), ("readonly", "yes"), ("snapshot-directory", "~/dumps"), ("meters.warning", "0.5"),
    ("meters.critical", "1"), ("workers.sort", "-contexts_leaked"), ("workers.columns", "pid, state,now"),
    ("failures.columns", "+location,-pid"), ("tree.filter", "!^GET /health"),
  ])
  func whatIsWrittenReadsBack(key: String, text: String) throws {
    let setting = try #require(Setting.named(key))
    var one = Settings()
    #expect(setting.choose(.text(text), in: &one) == nil)
    #expect(one != Settings())
    var other = Settings()
    #expect(setting.choose(setting.value(one), in: &other) == nil)
    #expect(one == other)
  }

  @Test(arguments: [
    ("theme", "blue"), ("mouse", "maybe"), ("interval", "0"), ("interval", "nan"), ("interval", "86401"),
    ("interval", "fast"), ("meters.warning", "1.1"), ("meters.warning", "-0.1"), ("snapshot-directory", ""),
    ("view", "Workers"), ("workers.sort", "nothing"), ("workers.sort", "--pid"), ("workers.columns", "pid,+state"),
    ("workers.columns", "pid,pid"), ("workers.columns", "pid,nothing"), ("workers.filter", "("), ("tree.filter", "!["),
  ])
  func whatMayNotBeIsToldAndChangesNothing(key: String, text: String) throws {
    let setting = try #require(Setting.named(key))
    var settings = Settings()
    let mistake = try #require(setting.choose(.text(text), in: &settings))
    #expect(mistake.hasPrefix("\(key) is \"") && mistake.contains(", and may be \(setting.expected)"))
    #expect(settings == Settings())
  }

  @Test func aColumnMayBeNamedByItsHeading() throws {
    var settings = Settings()
    _ = try #require(Setting.named("workers.sort")).choose(.text("-leak"), in: &settings)
    #expect(settings[.workers].sort == SortChoice("contexts_leaked", isInverse: true))
  }

  @Test func theNearestWordIsFound() {
    #expect(Nearest.of("workers.srt", among: Setting.all.map(\.key)) == "workers.sort")
  }
}
