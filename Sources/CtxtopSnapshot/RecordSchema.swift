// What the entities of a record are called in JSON: the names of schema 1, which are a contract with scripts. One
// table an entity, one line a field, in the order in which RecordEncoder and SlotRecorder write them. A line is a
// letter for what the field is, its key, and for an enum the words for its cases:
//
//   n  number                        s  text; empty means not known         -  not printed
//   i  number of either sign         S  text or null                        ?  optional, not printed
//   o  optional, of either sign      m  text                                l  label: method, endpoint, rule
//   u  optional number               e  one of the words; "-" is null       a  time, printed as age in ms
//   z  number; 0 means none          c  an ASCII character                  A  the same, optional
//   b  yes or no                     t  wall time                           h  optional holder
//   {  begins an object; no field    }  ends it; no field
//
// Tables are text because that is the smallest form they have: no code, and nothing to relocate. What cannot be said
// in a line, SnapshotJSON says.

/// A table, and its number, which no other has: less than 32, as PreparedTables has places.
struct RecordTable {
  let number: Int
  let text: StaticString

  @inline(__always)
  init(_ number: Int, _ text: StaticString) {
    self.number = number
    self.text = text
  }
}

enum RecordSchema {
  /// Of the snapshot itself.
  static var names: RecordTable {
    RecordTable(
      0,
      """
      m app
      s host

      """)
  }

  static var server: RecordTable {
    RecordTable(
      1,
      """
      s kind
      s model
      s version
      o workers
      o threads

      """)
  }

  static var runtime: RecordTable {
    RecordTable(
      2,
      """
      s python
      s flask
      s werkzeug
      s sqlalchemy
      s agent

      """)
  }

  static var identity: RecordTable {
    RecordTable(
      3,
      """
      n slot
      n generation
      i pid
      o number
      n instance
      t started

      """)
  }

  static var pulse: RecordTable {
    RecordTable(
      4,
      """
      e liveness - alive dead exited
      -

      """)
  }

  static var kernel: RecordTable {
    RecordTable(
      5,
      """
      c kernel_state
      z rss_bytes
      -
      -
      -
      u listen_queue

      """)
  }

  static var lastEvent: RecordTable {
    RecordTable(
      6,
      """
      A last_event_ms

      """)
  }

  /// In the order of `Counters` but for the last; RecordSums has the others.
  static var counters: RecordTable {
    RecordTable(
      7,
      """
      n requests
      -
      n exceptions
      n contexts_pushed
      -
      -
      n contexts_reused
      -
      -
      -
      -
      n teardown_failures
      -
      -
      -
      -
      -
      -
      -
      -
      n contexts_vanished

      """)
  }

  /// As far as the depths.
  static var unit: RecordTable {
    RecordTable(
      8,
      """
      n id
      -
      e kind thread greenlet task
      -
      s name
      -

      """)
  }

  /// From the depths to the request.
  static var unitRequests: RecordTable {
    RecordTable(
      9,
      """
      { depth
      n app
      n request
      }
      n requests
      n reused
      -

      """)
  }

  /// From the label to the context that it pushed.
  static var request: RecordTable {
    RecordTable(
      10,
      """
      l
      a age_ms
      b streaming

      """)
  }

  static var context: RecordTable {
    RecordTable(
      11,
      """
      n id
      e kind app request
      -
      a age_ms
      ?
      -
      l
      s frame
      n requests_served

      """)
  }

  /// As far as the engine.
  static var connection: RecordTable {
    RecordTable(
      12,
      """
      n id
      -

      """)
  }

  static var backend: RecordTable {
    RecordTable(
      13,
      """
      o backend_pid

      """)
  }

  static var connectionState: RecordTable {
    RecordTable(
      14,
      """
      e state idle checked_out detached inherited

      """)
  }

  static var sinceAndHolder: RecordTable {
    RecordTable(
      15,
      """
      -
      a age_ms
      h holder

      """)
  }

  static var holder: RecordTable {
    RecordTable(
      16,
      """
      o unit
      -
      -
      z context
      l
      s frame

      """)
  }

  static var engine: RecordTable {
    RecordTable(
      17,
      """
      s url
      o pool_size
      o overflow
      u timeout

      """)
  }

  /// As far as the skipped functions.
  static var failure: RecordTable {
    RecordTable(
      18,
      """
      s function
      s location
      e kind appcontext request
      S blueprint
      s exception
      s message
      l
      o unit
      n count
      t first
      t last

      """)
  }

  static var traceback: RecordTable {
    RecordTable(
      19,
      """
      s traceback

      """)
  }

  /// As far as the request that inherited it.
  static var session: RecordTable {
    RecordTable(
      20,
      """
      n id
      -
      s scope
      a age_ms
      b in_transaction
      b dirty

      """)
  }

  static var unitAndContext: RecordTable {
    RecordTable(
      21,
      """
      o unit
      -
      -
      z context

      """)
  }

  static var held: RecordTable {
    RecordTable(
      22,
      """
      h holder

      """)
  }

  /// Of a label that is there.
  static var label: RecordTable {
    RecordTable(
      23,
      """
      s method
      S endpoint
      S rule

      """)
  }

  static var labelled: RecordTable {
    RecordTable(
      24,
      """
      l

      """)
  }

  static var resource: RecordTable {
    RecordTable(
      25,
      """
      n id
      -
      s kind
      s name
      e state - held waiting
      a age_ms
      h holder

      """)
  }

  static var vanished: RecordTable {
    RecordTable(
      26,
      """
      e kind app request
      s frame
      l
      o unit
      n count
      t first
      t last

      """)
  }

  static var actionCounts: RecordTable {
    RecordTable(
      28,
      """
      n actions_accepted
      n actions_refused

      """)
  }

  static var action: RecordTable {
    RecordTable(
      29,
      """
      n number
      t asked
      n user
      z pid
      n worker
      e outcome - accepted not_controlled only_look no_worker several_workers cannot_replace stopped

      """)
  }

  static var hazard: RecordTable {
    RecordTable(
      27,
      """
      s code
      s message

      """)
  }
}
