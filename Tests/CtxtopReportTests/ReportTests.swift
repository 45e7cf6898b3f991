// Reports on the fixture shop, as they are written.

import CtxtopModel
import CtxtopReport
import CtxtopSnapshot
import CtxtopTestKit
import Foundation
import Testing

@Suite("Report")
struct ReportTests {
  private let model = Model(now: Fixture.shop(at: 1), earlier: Fixture.shop(at: 0))

  @Test("Text: the screen's tables without a screen")
  func text() {
    #expect(
      Report.text(model) == """
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
      Report.csv(model, .failures) == """
        time,pid,workers,count,last,last_age,first,function,exception,request,endpoint,location,skipped,message\r
        2026-11-22T09:00:00.123456789Z,4312,1,3,2026-11-22T08:59:51.123456789Z,9000000000,\
        2026-11-22T08:55:48.123456789Z,shop.close_cart,RuntimeError,GET /chat/<id>,chat,shop.py:12,1,\
        "said ""no"", twice
        and left"\r

        """)
    #expect(Report.csv(model, .workers, withHeader: false).hasPrefix("2026-11-22T09:00:00.123456789Z,1,4312,leaking,"))
  }

  @Test("CSV of every table: a field for each column, a line for each row", arguments: ReportTable.allCases)
  func tables(table: ReportTable) {
    let lines = Report.csv(model, table).split(separator: "\r\n")
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
    #expect(Report.csv(model, table, withHeader: false).split(separator: "\r\n") == Array(lines.dropFirst()))
  }

  @Test("CSV of contexts: the state of JSON, and that of the screen")
  func contexts() throws {
    let lines = Report.csv(model, .contexts).split(separator: "\r\n").map { $0.split(separator: ",") }
    let state = try #require(lines[0].firstIndex(of: "state"))
    let condition = try #require(lines[0].firstIndex(of: "condition"))
    #expect(lines[2][state] == "live" && lines[2][condition] == "slow")
  }

  @Test("Text: a long table is cut, and says so")
  func cut() {
    var snapshot = Fixture.shop(at: 1)
    snapshot.workers[0].failures = (0..<25).map { index in
      var failure = Fixture.failure()
      failure.function = "shop.close_\(index)"
      return failure
    }
    let text = Report.text(Model(now: snapshot))
    #expect(text.hasSuffix("\nand 5 more\n"))
  }
}
