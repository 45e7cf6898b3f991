// How values look: compact for people, exact for programs, and clean whatever a server sends.

import CtxtopModel
import Testing

@Suite("Format")
struct FormatTests {
  @Test(
    "Screen and raw text of each kind",
    arguments: [
      (Value.unknown, "-", ""), (.integer(0), "0", "0"), (.integer(99_999), "99999", "99999"),
      (.integer(123_456), "123k", "123456"), (.integer(.max), "18E", "18446744073709551615"),
      (.integer(12_345_678), "12M", "12345678"), (.identifier(-1), "-1", "-1"),
      (.identifier(4_194_304), "4194304", "4194304"), (.real(0), "0", "0.000"), (.real(0.2), "0.2", "0.200"),
      (.real(0.034), "0.03", "0.034"), (.real(0.001), "<0.01", "0.001"), (.real(99.94), "99.9", "99.940"),
      (.real(412.4), "412", "412.400"), (.real(.nan), "0", ""), (.duration(0), "0ms", "0"),
      (.duration(310_000), "310us", "310000"), (.duration(12_900_000), "12ms", "12900000"),
      (.duration(1_260_000_000), "1.2s", "1260000000"), (.duration(252_000_000_000), "4m12s", "252000000000"),
      (.age(9_000_000_000), "9s", "9000000000"), (.age(7_500_000_000_000), "2h05m", "7500000000000"),
      (.age(273_600_000_000_000), "3d04h", "273600000000000"), (.bytes(512), "512", "512"),
      (.bytes(182 << 20), "182M", "190840832"), (.bytes(1_500_000_000), "1.4G", "1500000000"),
      (.bytes(1000), "1k", "1000"), (.percent(23.04), "23.0%", "23.040"), (.share(3, of: 8), "3/8", "3"),
      (.share(3, of: nil), "3", "3"),
      (.time(1_795_338_000_000_000_001), "2026-11-22T09:00:00", "2026-11-22T09:00:00.000000001Z"),
      (.text("a"), "a", "a"), (.state("ok", .good), "ok", "ok"),
    ])
  func values(value: Value, screen: String, raw: String) {
    #expect(Format.screen(value) == screen)
    #expect(Format.raw(value) == raw)
  }

  @Test("An uptime stands still for a minute, then for an hour")
  func uptime() {
    let shown = [0, 59, 60, 3_599, 3_600, 273_600].map { Format.screen(.uptime($0 * 1_000_000_000)) }
    #expect(shown == ["0s", "59s", "1m", "59m", "1h00m", "3d04h"])
    #expect(Format.raw(.uptime(3_599_000_000_001)) == "3599000000001")
  }

  @Test("A clock")
  func clock() {
    #expect(Format.clock(252_000_000_000) == "00:04:12")
    #expect(Format.clock(360_000_000_000_000) == "100:00:00")
  }

  @Test("What a terminal would act on is taken out")
  func cleaned() {
    #expect(Format.cleaned("GET /naïve 日本") == "GET /naïve 日本")
    #expect(Format.cleaned("a\u{1B}[2Jb\u{7F}\u{9B}c\nd\te\r") == "a?[2Jb??c d e?")
    #expect(Format.cleaned("x\u{202E}y\u{2066}z\u{2028}") == "x?y?z?")
    #expect(Format.screen(.text("\u{07}")) == "?")
    #expect(Format.raw(.text("\u{07}")) == "\u{07}")
  }
}

@Suite("Columns")
struct ColumnTests {
  @Test("Ids are unique, and every column is described")
  func tables() {
    check(Table.workers)
    check(Table.units)
    check(Table.contexts)
    check(Table.connections)
    check(Table.failures)
    check(Table.verdicts)
  }

  private func check<Row>(_ table: Table<Row>) {
    #expect(Set(table.columns.map(\.id)).count == table.columns.count)
    for column in table.columns {
      #expect(!column.description.isEmpty && !column.title.isEmpty)
      #expect(column.title.count <= column.width, "\(table.name).\(column.id)")
    }
  }
}
