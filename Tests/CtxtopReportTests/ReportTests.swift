// Reports on the fixture shop, as they are written.

import CtxtopModel
import CtxtopReport
import CtxtopScreen
import CtxtopSelection
import CtxtopSnapshot
import CtxtopTestKit
import Foundation
import Testing

@Suite("Report")
struct ReportTests {
  private let model = Model(now: Fixture.shop(at: 1), earlier: Fixture.shop(at: 0))

  private func lines(_ format: ReportFormat, _ request: TableRequest?, of model: Model? = nil) -> [String] {
    let bytes = Report.bytes(model ?? self.model, as: format, request) { DisplayWidth.of($0) }
    return String(decoding: bytes, as: UTF8.self).split(separator: format == .csv ? "\r\n" : "\n").map(String.init)
  }

  private func csv(_ model: Model, _ table: ReportTable, isFirst: Bool = true) -> String {
    String(decoding: Report.bytes(model, as: .csv, TableRequest(table), isFirst: isFirst), as: UTF8.self)
  }

  @Test("Frame: the workers, and what is not as it should be")
  func frame() {
    #expect(
      TextReport(model) { $0.count }.frame == """
        shop@prod-3  gunicorn  gthread  2026-11-22T09:00:01Z
        workers 3  req/s 296  p50 12ms  p99 243ms  in flight 12/24  errors/s 1.0
        contexts live 25  leaked 1  reused 42  connections 5/15 out, oldest 4m13s  teardown failures 3
        CTX001 worker 4312 thread 7: app context left by GET /chat/<id> 4m13s ago; 42 requests have run on it since
        CTX002 worker 4312 thread 7: 42 requests ran on the app context that GET /chat/<id> left 4m13s ago
        CTX004 worker 4312: 3 connections not returned by GET /chat/<id> at shop.py:44 chat, oldest 4m13s; 3 of 5 out
        CTX009 worker 4315: died holding 1 connection, 2 contexts; it was serving GET /chat/<id>
        CTX003 worker 4312: shop.close_cart raised RuntimeError 3 times after GET /chat/<id>; \
        did not run: flask_sqlalchemy.extension.SQLAlchemy._teardown_session

         PID  STATE    REQ/S  FLIGHT  ERR/S  APP  REQ  LEAK  REUSED  CONN  TDFAIL   P50    P99    CPU   RSS     UP   \
        SEEN  STREAM  OLDEST  ORPHAN  LOCKS  NOW
        4312  leaking    103     3/8    1.0    4    3     1      42   3/5       3  12ms  243ms  23.0%  178M  3d04h     \
        0s       1   4m13s       0      0  GET /chat/<id> 00:00:13
        4313  busy      98.0     8/8      0    8    8     0       0   2/5       0  12ms  243ms  23.0%  178M  3d04h     \
        0s       0      0s       0      0  GET /cart/<int:id> 00:00:02
        4314  ok        95.0     1/8      0    1    1     0       0   0/5       0  12ms  243ms  23.0%  178M  3d04h     \
        0s       0       -       0      0  GET /cart/<int:id> 00:00:00
        4315  dead         0     1/8      0    1    1     0       0   1/5       0     -      -      -     -  3d04h  \
        1m01s       0   1m02s       0      0  GET /chat/<id> 00:01:02

         PID  UNIT  KIND     NO  STATE     AGE  WHY                       SERVED  HOLDS  PUSHED BY
        4312     7  app       1  leaked  4m13s  request ended 4m13s ago       42      0  GET /chat/<id>
        4312     1  app       1  slow      13s  request running 00:00:13       0      0  GET /chat/<id>
        4312     1  request   2  slow      13s  request running 00:00:13       0      0  GET /chat/<id>

         PID  KIND        ID  STATE     AGE  UNIT  HELD BY         WHERE            CONTEXT  POOL  BACKEND    OPEN  \
        ENGINE
        4312  connection   0  leaked  4m13s     3  GET /chat/<id>  shop.py:44 chat      500   5+0     7000  16m41s  \
        postgresql://app@db/shop
        4312  connection   1  leaked  4m12s     4  GET /chat/<id>  shop.py:44 chat      501   5+0     7001  16m41s  \
        postgresql://app@db/shop
        4312  connection   2  leaked  4m11s     5  GET /chat/<id>  shop.py:44 chat      502   5+0     7002  16m41s  \
        postgresql://app@db/shop

         PID  WORKERS  COUNT  LAST  FUNCTION         EXCEPTION     REQUEST         WHERE       SKIPPED  MESSAGE
        4312        1      3   10s  shop.close_cart  RuntimeError  GET /chat/<id>  shop.py:12        1  cart is locked

        as they should be: 24 contexts, 6 connections and locks; ctxtop dump lists them

        """)
  }

  @Test("JSON: facts and conclusions, one line")
  func json() throws {
    let bytes = Report.json(model)
    #expect(bytes.filter { $0 == 0x0A }.count == 1)
    #expect(bytes.last == 0x0A)
    let json = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
    let verdicts = try #require(json["verdicts"] as? [[String: Any]])
    #expect(verdicts.compactMap { $0["code"] as? String } == ["CTX001", "CTX002", "CTX004", "CTX009", "CTX003"])
    #expect(verdicts[0]["since"] as? String == "2026-11-22T08:55:48.123456789Z")
    let workers = try #require(json["workers"] as? [[String: Any]])
    #expect(workers.compactMap { $0["state"] as? String } == ["leaking", "busy", "ok", "dead"])
    #expect(workers[0]["cpu_percent"] as? Double == 23)
    #expect(workers[3]["cpu_percent"] is NSNull)
    #expect((json["totals"] as? [String: Any])?["contexts_leaked"] as? Int == 1)
  }

  @Test("CSV: ids, then raw values, quoted where they must be")
  func csv() {
    var snapshot = Fixture.shop()
    snapshot.workers[0].failures[0].message = "said \"no\", twice\nand left"
    let model = Model(now: snapshot)
    #expect(
      csv(model, .failures) == """
        time,pid,workers,count,last,last_age,first,function,exception,request,endpoint,location,skipped,message\r
        2026-11-22T09:00:00.123456789Z,4312,1,3,2026-11-22T08:59:51.123456789Z,9000000000,\
        2026-11-22T08:55:48.123456789Z,shop.close_cart,RuntimeError,GET /chat/<id>,chat,shop.py:12,1,\
        "said ""no"", twice
        and left"\r

        """)
    #expect(csv(model, .workers, isFirst: false).hasPrefix("2026-11-22T09:00:00.123456789Z,1,4312,leaking,"))
  }

  @Test("CSV of every table: a field for each column, a line for each row", arguments: ReportTable.allCases)
  func tables(table: ReportTable) {
    let lines = csv(model, table).split(separator: "\r\n")
    let rows =
      switch table {
      case .workers: 4
      case .units: 25
      case .contexts: 27
      case .connections: 9
      case .failures: 1
      case .verdicts: 5
      }
    #expect(lines.count == 1 + rows)
    #expect(lines[0].hasPrefix("time,"))
    #expect(lines.dropFirst().allSatisfy { $0.hasPrefix("2026-11-22T09:00:01.123456789Z,") })
    #expect(csv(model, table, isFirst: false).split(separator: "\r\n") == Array(lines.dropFirst()))
  }

  @Test("CSV of contexts: the state of JSON, and that of the screen")
  func contexts() throws {
    let lines = csv(model, .contexts).split(separator: "\r\n").map { $0.split(separator: ",") }
    let state = try #require(lines[0].firstIndex(of: "state"))
    let condition = try #require(lines[0].firstIndex(of: "condition"))
    #expect(lines[2][state] == "live" && lines[2][condition] == "slow")
  }

  @Test("Text: everything, each table under its title")
  func text() {
    let market = Model(now: Fixture.market(at: 1), earlier: Fixture.market(at: 0))
    let text = String(decoding: Report.bytes(market, as: .text) { DisplayWidth.of($0) }, as: UTF8.self)
    expectFile(text, at: "Tests/CtxtopReportTests/__Documents__/market.txt")
    for table in ReportTable.allCases where table != .verdicts {
      let rows =
        table == .failures ? market.failureGroups.count : lines(.csv, TableRequest(table), of: market).count - 1
      #expect(text.contains("\n\(table.rawValue.capitalized) (\(rows))\n"), "\(table)")
    }
  }

  @Test("Nothing is cut, however much there is", arguments: [ReportFormat.json, .ndjson, .csv, .text])
  func complete(format: ReportFormat) {
    let many = Model(now: Fixture.healthy(workers: 500, at: 1), earlier: Fixture.healthy(workers: 500, at: 0))
    for (table, rows) in [(ReportTable.workers, 500), (.units, 4_000), (.contexts, 2_000), (.connections, 2_500)] {
      let lines = lines(format, TableRequest(table), of: many)
      #expect(lines.count == (format == .json ? 1 : format == .ndjson ? rows : rows + 1))
      #expect(format != .json || lines[0].matches(of: /"time":/).count == rows)
      #expect(format != .text || self.lines(.text, nil, of: many).contains("\(table.rawValue.capitalized) (\(rows))"))
    }
  }

  @Test("Text: wide characters take two columns")
  func wide() throws {
    var snapshot = Fixture.shop()
    snapshot.workers[0].units[0].name = "工作线程"
    snapshot.workers[0].units[1].name = "cafe\u{301}"
    let selection = try TableSelection(
      columns: ["name", "pid"], filter: "name:工|cafe", sort: nil, among: ReportTable.units.columns)
    #expect(
      lines(.text, TableRequest(.units, selection), of: Model(now: snapshot)) == [
        "NAME       PID", "工作线程  4312", "cafe\u{301}      4312",
      ])
  }

  @Test("Rows as JSON: ids and raw values, null for what is not known")
  func rows() throws {
    let selection = try TableSelection(
      columns: ["time", "pid", "state", "requests_per_second", "rss_bytes", "uptime", "now"], filter: "pid:431[45]",
      sort: "-pid", among: ReportTable.workers.columns)
    let rows = [
      """
      {"time":"2026-11-22T09:00:01.123456789Z","pid":4315,"state":"dead","requests_per_second":0.000,\
      "rss_bytes":null,"uptime":273601000000000,"now":"GET /chat/<id> 00:01:02"}
      """,
      """
      {"time":"2026-11-22T09:00:01.123456789Z","pid":4314,"state":"ok","requests_per_second":95.000,\
      "rss_bytes":186646528,"uptime":273601000000000,"now":"GET /cart/<int:id> 00:00:00"}
      """,
    ]
    #expect(lines(.ndjson, TableRequest(.workers, selection)) == rows)
    #expect(lines(.json, TableRequest(.workers, selection)) == ["[\(rows.joined(separator: ","))]"])
  }

  @Test("Rows as JSON of every table hold what CSV holds", arguments: ReportTable.allCases)
  func rowsOfTables(table: ReportTable) throws {
    let market = Model(now: Fixture.market(at: 1), earlier: Fixture.market(at: 0))
    let bytes = Report.bytes(market, as: .json, TableRequest(table))
    let rows = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [[String: Any]])
    let head = lines(.csv, TableRequest(table), of: market)[0].split(separator: ",").map(String.init)
    #expect(rows.count == lines(.csv, TableRequest(table), of: market).count - 1)
    #expect(rows.allSatisfy { Set($0.keys) == Set(head) })
  }

  @Test("CSV: the columns that were chosen and no other")
  func chosenColumns() throws {
    func selection(_ columns: [String]) throws -> TableSelection {
      try TableSelection(columns: columns, filter: nil, sort: nil, among: ReportTable.workers.columns)
    }
    #expect(
      lines(.csv, TableRequest(.workers, try selection(["state", "pid"])))[...1] == ["state,pid", "leaking,4312"])
    let without = lines(.csv, TableRequest(.workers, try selection(["-time", "-now"])))[0]
    #expect(without.hasPrefix("number,pid,") && without.hasSuffix(",units"))
  }

  @Test("JSON of rows: whatever a text holds, it is valid")
  func escapes() throws {
    var snapshot = Fixture.shop()
    let name = "a\"b\\c\n\r\t\u{1}\u{7f}\u{85}\u{2028}\u{1F600}"
    snapshot.workers[0].units[0].name = name
    let bytes = Report.bytes(Model(now: snapshot), as: .json, TableRequest(.units))
    #expect(!bytes.dropLast().contains { $0 < 0x20 || $0 == 0x7F })
    let rows = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [[String: Any]])
    #expect(rows.contains { $0["name"] as? String == name })
  }
}
