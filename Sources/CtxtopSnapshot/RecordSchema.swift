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
//
// Tables are text because that is the smallest form they have: no code, and nothing to relocate. What cannot be said
// in a line, SnapshotJSON says.

enum RecordSchema {
  /// Of the snapshot itself.
  static let names: StaticString = """
    m app
    s host

    """

  static let server: StaticString = """
    s kind
    s model
    s version
    o workers
    o threads

    """

  static let runtime: StaticString = """
    s python
    s flask
    s werkzeug
    s sqlalchemy
    s agent

    """

  static let identity: StaticString = """
    n slot
    n generation
    i pid
    o number
    n instance
    t started

    """

  static let pulse: StaticString = """
    e liveness - alive dead exited
    -

    """

  static let kernel: StaticString = """
    c kernel_state
    z rss_bytes
    -
    -
    -
    u listen_queue

    """

  static let lastEvent: StaticString = """
    A last_event_ms

    """

  /// In the order of `Counters` but for the last; RecordSums has the others.
  static let counters: StaticString = """
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

    """

  /// As far as the depths.
  static let unit: StaticString = """
    n id
    -
    e kind thread greenlet task
    -
    s name
    -

    """

  /// From the depths to the request.
  static let unitRequests: StaticString = """
    n requests
    n reused
    -

    """

  /// From the label to the context that it pushed.
  static let request: StaticString = """
    l
    a age_ms
    b streaming

    """

  static let context: StaticString = """
    n id
    e kind app request
    -
    a age_ms
    ?
    -
    l
    s frame
    n requests_served

    """

  /// As far as the engine.
  static let connection: StaticString = """
    n id
    -

    """

  static let backend: StaticString = """
    o backend_pid

    """

  static let connectionState: StaticString = """
    e state idle checked_out detached inherited

    """

  static let sinceAndHolder: StaticString = """
    -
    a age_ms
    h holder

    """

  static let holder: StaticString = """
    o unit
    -
    -
    z context
    l
    s frame

    """

  static let engine: StaticString = """
    s url
    o pool_size
    o overflow
    u timeout

    """

  /// As far as the skipped functions.
  static let failure: StaticString = """
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

    """

  static let traceback: StaticString = """
    s traceback

    """

  /// As far as the request that inherited it.
  static let session: StaticString = """
    n id
    -
    s scope
    a age_ms
    b in_transaction
    b dirty

    """

  static let unitAndContext: StaticString = """
    o unit
    -
    -
    z context

    """

  static let held: StaticString = """
    h holder

    """

  /// Of a label that is there.
  static let label: StaticString = """
    s method
    S endpoint
    S rule

    """

  static let labelled: StaticString = """
    l

    """

  static let resource: StaticString = """
    n id
    -
    s kind
    s name
    e state - held waiting
    a age_ms
    h holder

    """

  static let vanished: StaticString = """
    e kind app request
    s frame
    l
    o unit
    n count
    t first
    t last

    """

  static let hazard: StaticString = """
    s code
    s message

    """
}
