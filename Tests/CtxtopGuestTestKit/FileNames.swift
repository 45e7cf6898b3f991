// What the files of the service `shop` are called.

import CCtxtop

/// The segment of the service that the tests call `shop`.
package let shopSegment = "shop.v\(CTXTOP_LAYOUT).segment"
