// Moments as people write them.

import CtxtopModel
import CtxtopSnapshot
import Testing

@Suite("Moments")
struct TimeReferenceTests {
  /// 2026-11-22T09:00:00Z.
  static let nine: UInt64 = 1_795_338_000_000_000_000
  static let first = nine - 3_600_000_000_000
  static let last = nine + 250_000_000

  private func time(_ text: String) throws -> String {
    let reference = try #require(TimeReference(text), "\(text)")
    return Format.time(reference.wallTime(first: Self.first, last: Self.last))
  }

  @Test(
    "Each form",
    arguments: [
      ("start", "2026-11-22T08:00:00.000000000Z"), ("end", "2026-11-22T09:00:00.250000000Z"),
      ("+90s", "2026-11-22T08:01:30.000000000Z"), ("+90", "2026-11-22T08:01:30.000000000Z"),
      ("+1h30m", "2026-11-22T09:30:00.000000000Z"), ("-5m", "2026-11-22T08:55:00.250000000Z"),
      ("-250ms", "2026-11-22T09:00:00.000000000Z"), ("-2d", "2026-11-20T09:00:00.250000000Z"),
      ("08:30", "2026-11-22T08:30:00.999999999Z"), ("8:30", "2026-11-22T08:30:00.999999999Z"),
      ("08:30:12", "2026-11-22T08:30:12.999999999Z"), ("08:30:12.5", "2026-11-22T08:30:12.500000000Z"),
      ("2026-11-22", "2026-11-22T00:00:00.999999999Z"), ("2026-11-22 08:30", "2026-11-22T08:30:00.999999999Z"),
      ("2026-11-22T08:30:12Z", "2026-11-22T08:30:12.999999999Z"),
      ("2026-11-22T08:30:12.000000000Z", "2026-11-22T08:30:12.000000000Z"),
      ("2026-11-22T09:30:12.25+01:00", "2026-11-22T08:30:12.250000000Z"),
      ("2026-11-21T23:30:12.25-09:00", "2026-11-22T08:30:12.250000000Z"),
      ("2024-02-29", "2024-02-29T00:00:00.999999999Z"), ("1970-01-01", "1970-01-01T00:00:00.999999999Z"),
      ("@1795338000.5", "2026-11-22T09:00:00.500000000Z"), ("@0", "1970-01-01T00:00:00.999999999Z"),
    ])
  func forms(text: String, expected: String) throws { #expect(try time(text) == expected) }

  @Test("A clock time is the latest that is not after the last moment")
  func clockTimes() throws {
    #expect(try time("09:00") == "2026-11-22T09:00:00.250000000Z")
    #expect(try time("09:00:00") == "2026-11-22T09:00:00.250000000Z")
    #expect(try time("09:01") == "2026-11-21T09:01:00.999999999Z")
    #expect(try time("23:59") == "2026-11-21T23:59:00.999999999Z")
  }

  @Test(
    "The text of a time is read back",
    arguments: [0, 1, 951_782_400_000_000_000, nine, 1 << 62, 18_000_000_000_000_000_000] as [UInt64])
  func roundTrip(time: UInt64) throws {
    let reference = try #require(TimeReference(Format.time(time)))
    #expect(reference.wallTime(first: 0, last: .max) == time)
  }

  @Test(
    "What is no moment",
    arguments: [
      "", " ", "now", "9", "24:00", "09:60", "09:04:60", "09:4", "09:04:", "09:04Z", "09:04:12.", "09:04:12.1234567890",
      "2026-13-01", "2026-02-29", "2026-11-31", "2026-11-22T", "2026-11-22X09:04", "2026-11-22T09:04+1:00",
      "1969-12-31", "1970-01-01T00:00+01:00", "2554-01-01", "+", "-", "+5x", "-5m3", "+3m5m", "+5s1h", "-99999999999s",
      "@", "@-5", "@99999999999", "startend", "end ", "09:04 ", "０９:04",
    ])
  func nonsense(text: String) { #expect(TimeReference(text) == nil) }

  @Test("No moment and no pair of ends is a trap")
  func extremes() throws {
    for text in [
      "start", "end", "+4000000000d", "-4000000000d", "00:00", "23:59:59", "2553-12-31T23:59:59-23:59", "@18446744072",
    ] {
      let reference = try #require(TimeReference(text), "\(text)")
      for (first, last): (UInt64, UInt64) in [(0, 0), (0, .max), (.max, .max), (.max, 0), (1, 86_399_000_000_000)] {
        _ = reference.wallTime(first: first, last: last)
      }
    }
    #expect(TimeReference("-1d")?.wallTime(first: 5, last: 7) == 0)
    #expect(TimeReference("+4000000000d")?.wallTime(first: 5, last: 7) == .max)
  }
}
