/// What columns are usually called.
enum ColumnGuess {
  /// Our columns with names that mean them, likely ones first; letters and digits only, in small letters.
  static let names: [(ours: String, theirs: [String])] = [
    (
      "date",
      [
        "date", "day", "ds", "datum", "tag", "fecha", "jour", "invoicedate", "orderdate", "salesdate",
        "transactiondate",
        "businessdate", "weekenddate", "weekend", "week", "woche", "kw", "verkaufsdatum", "buchungsdatum", "timestamp",
      ]
    ),
    (
      "product",
      [
        "product", "productid", "productcode", "item", "itemid", "itemnbr", "itemcode", "sku", "skuid", "upc", "upcid",
        "stockcode", "article", "articleid", "artikel", "artikelnr", "artikelnummer", "material", "ean", "gtin",
        "articulo", "produit", "dept", "department", "family",
      ]
    ),
    (
      "store",
      [
        "store", "storeid", "storenbr", "storecode", "shop", "shopid", "filiale", "filialnr", "filialnummer", "markt",
        "location", "locationid", "site", "branch", "outlet", "tienda", "magasin", "warehouse", "country",
      ]
    ),
    (
      "units",
      [
        "units", "unitsales", "unitssold", "quantity", "qty", "menge", "stueck", "stuck", "stück", "absatz", "anzahl",
        "cantidad",
        "quantite", "sold", "pieces", "pcs", "volume", "sales",
      ]
    ),
    ("price", ["price", "unitprice", "sellprice", "salesprice", "preis", "vkpreis", "precio", "prix", "actualprice"]),
    ("base_price", ["baseprice", "regularprice", "listprice", "normalpreis"]),
    (
      "revenue",
      [
        "revenue", "spend", "turnover", "umsatz", "salesvalue", "salesamount", "netsales", "grosssales", "weeklysales",
        "totalsales", "erlös", "erloes", "erlos", "nettoumsatz", "bruttoumsatz", "amount", "betrag", "value", "ventas",
        "importe", "chiffredaffaires", "sales",
      ]
    ),
    ("promotion", ["promotion", "promo", "onpromotion", "onpromo", "ispromo", "aktion", "onsale"]),
    ("stock_on_hand", ["stockonhand", "onhand", "inventory", "inventoryonhand", "bestand", "stocklevel"]),
    ("category", ["category", "categoryid", "catid", "kategorie", "warengruppe", "family", "class"]),
    (
      "department",
      [
        "department", "dept", "deptid", "subcategory", "abteilung", "unterwarengruppe", "category", "categoryid",
        "family",
      ]
    ),
    ("region", ["region", "state", "stateid", "province", "bundesland", "city", "type", "storetype"]),
  ]

  /// Kinds of promotion with the names of columns that flag them.
  static let promotionKinds: [(kind: String, theirs: Set<String>)] = [
    ("feature", ["feature", "featured", "flyer", "leaflet"]), ("display", ["display", "endcap"]),
    ("tpr", ["tpr", "tpronly"]), ("coupon", ["coupon"]),
  ]

  static func normalised(_ name: String) -> String {
    String(name.lowercased().filter { $0.isLetter || $0.isNumber })
  }

  /// The column that one of ours most likely is, among those not taken.
  ///
  /// - Parameter fits: whether its values can be that.
  static func column(_ ours: String, in header: [String], taken: Set<Int>, fits: (Int) -> Bool = { _ in true }) -> Int?
  {
    let plain = header.map(normalised)
    for name in names.first(where: { $0.ours == ours })?.theirs ?? [] {
      if let index = plain.indices.first(where: { plain[$0] == name && !taken.contains($0) && fits($0) }) {
        return index
      }
    }
    return nil
  }
}
