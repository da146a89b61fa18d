"""Every platform's own export, header by header, down to the canonical amounts."""

from __future__ import annotations

import pandas as pd
import pytest
from files_help import csv_text, firm, off, read, tables_of

from echannel.connectors.files import PRESETS, propose


def columns(header: str) -> list[str]:
    return header.split(",")


SHOPIFY = columns(
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,"
    "Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,"
    "Lineitem name,Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,"
    "Lineitem taxable,Lineitem fulfillment status,Billing Name,Billing Street,Billing Address1,"
    "Billing Address2,Billing Company,Billing City,Billing Zip,Billing Province,Billing Country,"
    "Billing Phone,Shipping Name,Shipping Street,Shipping Address1,Shipping Address2,Shipping Company,"
    "Shipping City,Shipping Zip,Shipping Province,Shipping Country,Shipping Phone,Notes,Note Attributes,"
    "Cancelled at,Payment Method,Payment Reference,Refunded Amount,Vendor,Outstanding Balance,Employee,"
    "Location,Device ID,Id,Tags,Risk Level,Source,Lineitem discount,Tax 1 Name,Tax 1 Value,Tax 2 Name,"
    "Tax 2 Value,Tax 3 Name,Tax 3 Value,Tax 4 Name,Tax 4 Value,Tax 5 Name,Tax 5 Value,Phone,Receipt Number,"
    "Duties,Billing Province Name,Shipping Province Name,Payment ID,Payment Terms Name,Next Payment Due At,"
    "Payment References"
)
WOO_REPORT = [
    *("Date", "Order #", "N. Revenue (formatted)", "Status", "Customer", "Customer type", "Product(s)"),
    *("Items sold", "Coupon(s)", "Net Sales", "Attribution"),
]
WOO_EXPORT = columns(
    "order_id,order_number,order_date,paid_date,status,shipping_total,shipping_tax_total,fee_total,"
    "fee_tax_total,tax_total,cart_discount,order_discount,discount_total,order_total,order_subtotal,"
    "order_currency,payment_method,payment_method_title,transaction_id,customer_ip_address,"
    "customer_user_agent,shipping_method,customer_id,customer_user,customer_email,billing_first_name,"
    "billing_last_name"
)
PRESTA_17_EN = ["ID", "Reference", "New client", "Delivery", "Customer", "Total", "Payment", "Status", "Date"]
PRESTA_17_FR = [
    "ID",
    "Référence",
    "Nouveau client",
    "Livraison",
    "Client",
    "Total",
    "Paiement",
    "État",
    "Date",
]
PRESTA_16 = [
    "id",
    "Reference",
    "New client",
    "Delivery",
    "Customer",
    "Company",
    "Total",
    "Payment",
    "Status",
    "Date",
]
PRESTA_SQL = [
    *("N° commande", "Date commande", "État", "Client", "E-mail", "Société", "Pays", "Devise"),
    *("Mode de paiement", "Référence produit", "Désignation", "Quantité", "PU HT", "PU TTC", "Taux TVA"),
    *("Remise HT", "Remise TTC", "Port HT", "Port TTC", "Total HT", "Total TTC", "Remboursé HT"),
    *("Remboursé TTC", "Date remboursement"),
]
AMAZON = columns(
    "amazon-order-id,merchant-order-id,purchase-date,last-updated-date,order-status,fulfillment-channel,"
    "sales-channel,order-channel,url,ship-service-level,product-name,sku,asin,item-status,quantity,currency,"
    "item-price,item-tax,shipping-price,shipping-tax,gift-wrap-price,gift-wrap-tax,item-promotion-discount,"
    "ship-promotion-discount,ship-city,ship-state,ship-postal-code,ship-country,promotion-ids,"
    "is-business-order,purchase-order-number,price-designation"
)
EBAY = columns(
    "Sales Record Number,Order Number,Buyer Username,Buyer Name,Buyer Email,Buyer Note,Buyer Address 1,"
    "Buyer Address 2,Buyer City,Buyer State,Buyer Zip,Buyer Country,Ship To Name,Ship To Phone,"
    "Ship To Address 1,Ship To Address 2,Ship To City,Ship To State,Ship To Zip,Ship To Country,Item Number,"
    "Item Title,Custom Label,Sold Via Promoted Listings,Quantity,Sold For,Shipping And Handling,"
    "Seller Collected Tax,eBay Collected Tax,Total Price,eBay Collected Tax Included in Total,"
    "Payment Method,Sale Date,Paid On Date,Ship By Date,Minimum Estimated Delivery Date,"
    "Maximum Estimated Delivery Date,Shipped On Date,Feedback Left,Feedback Received,My Item Note,"
    "PayPal Transaction ID,Shipping Service,Tracking Number,Transaction ID,Variation Details,"
    "Global Shipping Program,Global Shipping Reference ID,Click And Collect,"
    "Click And Collect Reference Number,eBay Plus"
)
ETSY_ITEMS = columns(
    "Sale Date,Item Name,Buyer,Quantity,Price,Coupon Code,Coupon Details,Discount Amount,Shipping Discount,"
    "Order Shipping,Order Sales Tax,Item Total,Currency,Transaction ID,Listing ID,Date Paid,Date Shipped,"
    "Ship Name,Ship Address1,Ship Address2,Ship City,Ship State,Ship Zipcode,Ship Country,Order ID,"
    "Variations,Order Type,Listings Type,Payment Type,InPerson Discount,InPerson Location,"
    "VAT Paid by Buyer,SKU"
)
ETSY_ORDERS = columns(
    "Sale Date,Order ID,Buyer User ID,Full Name,First Name,Last Name,Number of Items,Payment Method,"
    "Date Shipped,Street 1,Street 2,Ship City,Ship State,Ship Zipcode,Ship Country,Currency,Order Value,"
    "Coupon Code,Coupon Details,Discount Amount,Shipping Discount,Shipping,Sales Tax,Order Total,Status,"
    "Card Processing Fees,Order Net,Adjusted Order Total,Adjusted Card Processing Fees,"
    "Adjusted Net Order Amount,Buyer,Order Type,Payment Type,InPerson Discount,InPerson Location,SKU"
)
XERO = columns(
    "*ContactName,EmailAddress,POAddressLine1,POAddressLine2,POAddressLine3,POAddressLine4,POCity,PORegion,"
    "POPostalCode,POCountry,*InvoiceNumber,Reference,*InvoiceDate,*DueDate,Total,InventoryItemCode,"
    "*Description,*Quantity,*UnitAmount,Discount,*AccountCode,*TaxType,TaxAmount,TrackingName1,"
    "TrackingOption1,TrackingName2,TrackingOption2,Currency,BrandingTheme"
)


def of(batch, table="orders") -> pd.DataFrame:
    frame = tables_of(batch)[table]
    return frame.set_index("order_id") if "order_id" in frame else frame


def test_shopify(tmp_path):
    first = {
        **{"Name": "#1001", "Email": "ann@example.com", "Financial Status": "partially_refunded"},
        **{"Fulfillment Status": "fulfilled", "Currency": "GBP", "Subtotal": "99.00", "Shipping": "3.00"},
        **{"Taxes": "17.00", "Total": "102.00", "Discount Amount": "11.00", "Refunded Amount": "51.00"},
        **{"Created at": "2026-07-01 00:30:00 +0100", "Lineitem quantity": "2", "Lineitem name": "Mug, blue"},
        **{"Lineitem price": "30.00", "Lineitem sku": "MUG-B", "Shipping Country": "GB", "Source": "web"},
        **{"Tax 1 Name": "GB VAT 20%", "Tax 1 Value": "17.00", "Payment Method": "Shopify Payments"},
    }
    second = {"Name": "#1001", "Lineitem quantity": "1", "Lineitem name": "Pot", "Lineitem price": "50.00"}
    other = {
        **{
            "Name": "#1002",
            "Financial Status": "pending",
            "Fulfillment Status": "fulfilled",
            "Currency": "GBP",
        },
        **{
            "Subtotal": "12.00",
            "Shipping": "0.00",
            "Taxes": "2.00",
            "Total": "12.00",
            "Discount Amount": "0.00",
        },
        **{"Created at": "2026-07-02 10:00:00 +0100", "Lineitem quantity": "1", "Lineitem name": "Pot"},
        **{
            "Lineitem price": "12.00",
            "Billing Company": "Inns Ltd",
            "Source": "pos",
            "Email": "b@inns.example",
        },
    }
    gone = {
        **other,
        "Name": "#1003",
        "Financial Status": "voided",
        "Cancelled at": "2026-07-03 10:00:00 +0100",
    }
    batch = read(tmp_path, csv_text(SHOPIFY, [first, second, other, gone]), preset="shopify_orders")
    orders, lines, refunds = of(batch), of(batch, "order_lines"), of(batch, "refunds")
    assert off(orders) == pytest.approx(0, abs=0.01)
    order = orders.loc["#1001"]
    assert order[["goods_gross", "discount_gross", "shipping_gross", "total_gross"]].tolist() == [
        110,
        11,
        3,
        102,
    ]
    assert order["goods_net"] == pytest.approx(110 / 1.2)
    assert order["vat_amount"] == 17
    assert order[["vat_stated", "parts_stated"]].all()
    assert (
        order["local_day"] == pd.Timestamp("2026-07-01").toordinal() - pd.Timestamp("1970-01-01").toordinal()
    )
    assert orders["status"].tolist() == ["partly_refunded", "shipped", "cancelled"]
    assert orders["kind"].tolist() == ["b2c", "b2b", "b2b"]
    assert orders["channel"].tolist() == ["own_shop", "store", "store"]
    assert lines.loc["#1001", "product_id"].tolist() == ["MUG-B", "Pot"]
    assert lines.loc["#1001", "net_amount"].sum() == pytest.approx(order["goods_net"])
    assert (lines["vat_rate"] == 0.2).all()
    refund = refunds.loc["#1001"]
    assert refund["net_amount"] + refund["vat_amount"] == pytest.approx(51)
    assert refund["vat_amount"] == pytest.approx(8.5)
    assert not refund["date_stated"]


def test_shopify_where_prices_are_without_vat(tmp_path):
    row = {
        **{
            "Name": "#1",
            "Financial Status": "paid",
            "Currency": "GBP",
            "Subtotal": "90.00",
            "Shipping": "10.00",
        },
        **{
            "Taxes": "20.00",
            "Total": "120.00",
            "Discount Amount": "10.00",
            "Created at": "2026-07-01 10:00:00 +0100",
        },
        **{"Lineitem quantity": "1", "Lineitem name": "Pump", "Lineitem price": "100.00"},
    }
    order = of(read(tmp_path, csv_text(SHOPIFY, [row]), preset="shopify_orders")).iloc[0]
    assert order[["goods_net", "discount_net", "shipping_net"]].tolist() == [100, 10, 10]
    assert order[["goods_gross", "total_gross", "vat_amount"]].tolist() == pytest.approx([120, 120, 20])


def test_woocommerce_analytics_knows_net_sales_only(tmp_path):
    rows = [
        [
            "2026-07-01 10:00:00",
            "55",
            "£83.33",
            "completed",
            "Ann Jones",
            "new",
            "2× Mug",
            "2",
            "",
            "83.33",
            "direct",
        ],
        [
            "2026-07-01 11:00:00",
            "56",
            "£10.00",
            "cancelled",
            "Bob Roe",
            "returning",
            "1× Pot",
            "1",
            "",
            "10",
            "-",
        ],
    ]
    batch = read(tmp_path, csv_text(WOO_REPORT, rows), preset="woocommerce_orders")
    orders = of(batch)
    assert orders.loc["55", "goods_net"] == 83.33
    assert orders.loc["55", "total_gross"] == pytest.approx(83.33 * 1.2)
    assert not orders["vat_stated"].any()
    assert not orders["parts_stated"].any()
    assert orders["status"].tolist() == ["delivered", "cancelled"]
    assert of(batch, "order_lines")["quantity"].tolist() == [2, 1]


def test_woocommerce_export(tmp_path):
    row = {
        **{
            "order_id": "7",
            "order_number": "1007",
            "order_date": "2026-07-01 09:15:00",
            "status": "refunded",
        },
        **{
            "shipping_total": "5.00",
            "shipping_tax_total": "1.00",
            "fee_total": "2.00",
            "fee_tax_total": "0.40",
        },
        **{
            "tax_total": "19.40",
            "discount_total": "10.00",
            "order_total": "116.40",
            "order_subtotal": "100.00",
        },
        **{"order_currency": "GBP", "payment_method": "stripe", "customer_email": "ann@example.com"},
    }
    batch = read(tmp_path, csv_text(WOO_EXPORT, [row]), preset="woocommerce_export")
    order = of(batch).loc["1007"]
    parts = order[["goods_net", "discount_net", "shipping_net", "wrapping_net", "vat_amount"]]
    assert parts.tolist() == [100, 10, 5, 2, 19.4]
    assert order["shipping_gross"] == 6
    assert off(of(batch)) == pytest.approx(0, abs=0.01)
    refund = of(batch, "refunds").loc["1007"]  # called refunded, no amount in the file: all of it
    assert refund[["net_amount", "vat_amount", "shipping_net"]].tolist() == pytest.approx([97, 19.4, 5])


@pytest.mark.parametrize(("headers", "lang"), [(PRESTA_17_EN, "en"), (PRESTA_17_FR, "fr")])
def test_prestashop_8(tmp_path, headers, lang):
    paid, back = ("Payment accepted", "Refunded") if lang == "en" else ("Paiement accepté", "Remboursé")
    rows = [
        ["12", "XKBKNABJK", "1", "France", "J. DUPONT", "120,00 €", "Carte", paid, "2026-07-01 10:00:00"],
        [
            "13",
            "XKBKNABJK",
            "0",
            "Royaume-Uni",
            "J. DUPONT",
            "1 060,20 €",
            "Carte",
            back,
            "2026-07-02 10:00:00",
        ],
    ]
    batch = read(tmp_path, csv_text(headers, rows, ";"), firm("FR"), preset="prestashop_orders")
    orders = of(batch)
    assert orders["total_gross"].tolist() == [120, 1060.2]
    assert orders["goods_net"].tolist() == pytest.approx([100, 883.5])
    assert orders["status"].tolist() == ["paid", "refunded"]
    assert orders["country"].tolist() == ["FR", "GB"]
    assert not orders[["vat_stated", "parts_stated"]].any(axis=None)
    assert orders["ordered_at"].iloc[0] == pd.Timestamp("2026-07-01 08:00", tz="UTC")
    assert of(batch, "refunds").loc["13", "net_amount"] == pytest.approx(883.5)


def test_prestashop_16_with_quotes_and_trailing_separators(tmp_path):
    rows = [
        [
            "5",
            "ABC",
            "1",
            "France",
            "A. Martin",
            "Martin SARL",
            "25,90 €",
            "Chèque",
            "Expédié",
            "01/07/2026 10:00:00",
        ]
    ]
    text = csv_text(PRESTA_16, rows, ";", quoting=1, lineterminator=";\n")
    order = of(read(tmp_path, text, firm("FR"), preset="prestashop_orders")).loc["5"]
    assert order["total_gross"] == 25.9
    assert (order["status"], order["kind"]) == ("shipped", "b2b")


def test_prestashop_sql_in_french(tmp_path):
    common = {
        **{"N° commande": "900", "Date commande": "13/07/2026 09:00", "État": "Livré", "Client": "Le Gall"},
        **{"Pays": "France", "Devise": "EUR", "Remise HT": "10,00", "Remise TTC": "11,00", "Port HT": "5,00"},
        **{"Port TTC": "6,00", "Total HT": "1 115,00", "Total TTC": "1 216,00", "Remboursé HT": "20,00"},
        **{"Remboursé TTC": "21,10", "Date remboursement": "20/07/2026"},
    }
    food = {
        "Référence produit": "TH1",
        "Quantité": "100",
        "PU HT": "10,00",
        "PU TTC": "10,55",
        "Taux TVA": "5,5",
    }
    mug = {
        "Référence produit": "MU1",
        "Quantité": "10",
        "PU HT": "12,00",
        "PU TTC": "14,40",
        "Taux TVA": "20",
    }
    total = {"Total HT": "1 115,00", "Total TTC": "1 194,00"}
    text = csv_text(PRESTA_SQL, [{**common, **food, **total}, {**common, **mug, **total}], ";").encode(
        "cp1252"
    )
    batch = read(tmp_path, text, firm("FR"), preset="prestashop_sql")
    order, lines = of(batch).loc["900"], of(batch, "order_lines")
    assert order[["goods_net", "discount_net", "shipping_net"]].tolist() == [1120, 10, 5]
    assert order[["goods_gross", "discount_gross", "shipping_gross"]].tolist() == pytest.approx([1199, 11, 6])
    assert order[["vat_amount", "total_gross"]].tolist() == [79, 1194]
    assert lines["vat_rate"].tolist() == pytest.approx([0.055, 0.2])
    assert lines["net_amount"].tolist() == [1000, 120]
    refund = of(batch, "refunds").loc["900"]
    assert refund[["net_amount", "vat_amount"]].tolist() == pytest.approx([20, 1.1])
    assert refund["refunded_at"] == pd.Timestamp("2026-07-19 22:00", tz="UTC")
    assert refund["date_stated"]


def test_amazon_all_orders(tmp_path):
    mug = {
        **{
            "amazon-order-id": "202-1",
            "purchase-date": "2026-07-01T10:00:00+00:00",
            "order-status": "Shipped",
        },
        **{
            "sales-channel": "Amazon.co.uk",
            "sku": "MUG",
            "quantity": "2",
            "currency": "GBP",
            "item-price": "24.00",
        },
        **{
            "item-tax": "4.00",
            "shipping-price": "6.00",
            "shipping-tax": "1.00",
            "item-promotion-discount": "2.40",
        },
        **{"ship-promotion-discount": "6.00", "ship-country": "GB", "is-business-order": "false"},
    }
    pot = {
        **mug,
        "sku": "POT",
        "quantity": "1",
        "item-price": "12.00",
        "item-tax": "2.00",
        "shipping-price": "3.00",
    }
    pot |= {"shipping-tax": "0.50", "item-promotion-discount": "", "ship-promotion-discount": ""}
    gone = {
        "amazon-order-id": "202-2",
        "purchase-date": "2026-07-01T10:00:00+00:00",
        "order-status": "Cancelled",
    }
    gone |= {"sku": "POT", "quantity": "0", "is-business-order": "true"}
    batch = read(tmp_path, csv_text(AMAZON, [mug, pot, gone], "\t"), preset="amazon_all_orders", name="a.txt")
    orders = of(batch)
    parts = orders.loc[
        "202-1", ["goods_gross", "discount_gross", "shipping_gross", "total_gross", "goods_net"]
    ]
    assert parts.tolist() == pytest.approx([36, 2.4, 3, 36.6, 30])
    assert off(orders) == pytest.approx(0, abs=0.01)
    assert orders["status"].tolist() == ["shipped", "cancelled"]
    assert orders["kind"].tolist() == ["b2c", "b2b"]
    assert orders["channel"].tolist() == ["marketplace"] * 2
    assert orders["customer_id"].isna().all()


def test_ebay_with_a_summary_row_and_a_footer(tmp_path):
    one = {
        **{"Sales Record Number": "8", "Order Number": "12-1", "Buyer Username": "bob", "Item Number": "254"},
        **{"Custom Label": "MUG", "Quantity": "3", "Sold For": "£400.00", "Shipping And Handling": "£33.66"},
        **{"eBay Collected Tax": "£0.00", "Total Price": "£1,233.66", "Sale Date": "Jul-25-26"},
        **{"eBay Collected Tax Included in Total": "No", "Ship To Country": "United Kingdom"},
    }
    several = {**one, "Order Number": "12-2", "Item Number": "", "Custom Label": "", "Quantity": "3"}
    several |= {"Sold For": "£40.00", "Shipping And Handling": "£5.00", "Total Price": "£45.00"}
    several |= {"eBay Collected Tax": "£0.00"}
    items = [
        {
            "Order Number": "12-2",
            "Item Number": "1",
            "Custom Label": "A",
            "Quantity": "2",
            "Sold For": "£15.00",
        },
        {
            "Order Number": "12-2",
            "Item Number": "2",
            "Custom Label": "B",
            "Quantity": "1",
            "Sold For": "£10.00",
        },
    ]
    abroad = {
        **one,
        "Order Number": "12-3",
        "Quantity": "1",
        "Sold For": "£50.00",
        "Shipping And Handling": "£5.00",
    }
    abroad |= {
        "eBay Collected Tax": "£4.00",
        "Total Price": "£59.00",
        "eBay Collected Tax Included in Total": "Yes",
    }
    text = csv_text(EBAY, [one, several, *items, abroad]) + "\n5 record(s) downloaded\nSeller ID : my_shop\n"
    batch = read(tmp_path, text.encode("utf-8-sig"), preset="ebay_orders")
    orders, lines = of(batch), of(batch, "order_lines")
    assert batch.read == 5
    assert orders["total_gross"].tolist() == pytest.approx([1233.66, 45, 55])
    assert orders["goods_gross"].tolist() == [1200, 40, 50]
    assert off(orders) == pytest.approx(0, abs=0.01)
    assert lines.loc["12-2", "quantity"].tolist() == [2, 1]
    assert orders["ordered_at"].iloc[0] == pd.Timestamp("2026-07-24 23:00", tz="UTC")


def test_ebay_prices_of_whole_lines_are_found_out_by_the_totals(tmp_path):
    row = {"Sales Record Number": "8", "Buyer Username": "bob", "Item Number": "1", "Sale Date": "Jul-25-26"}
    row |= {"Custom Label": "MUG", "Shipping And Handling": "£5.00"}
    amounts = [(n, {"Sold For": f"£{n * 10}.00", "Total Price": f"£{n * 10 + 5}.00"}) for n in (1, 2, 3)]
    rows = [{**row, **money, "Order Number": f"1-{n}", "Quantity": str(n)} for n, money in amounts]
    batch = read(tmp_path, csv_text(EBAY, rows), preset="ebay_orders")
    assert of(batch, "order_lines")["unit_price_net"].tolist() == pytest.approx([10 / 1.2] * 3)
    assert "files.note.price_is_line_value" in {note.key for note in batch.notes}


def test_etsy_items_and_orders(tmp_path):
    item = {
        **{"Sale Date": "07/25/26", "Item Name": "Ring", "Buyer": "zoe", "Quantity": "2", "Price": "20.00"},
        **{
            "Discount Amount": "4.00",
            "Shipping Discount": "0.00",
            "Order Shipping": "3.50",
            "Item Total": "40.00",
        },
        **{
            "Currency": "GBP",
            "Transaction ID": "1",
            "Listing ID": "9",
            "Order ID": "777",
            "Ship Country": "France",
        },
    }
    other = {**item, "Item Name": "Band", "Quantity": "1", "Price": "10.00", "Discount Amount": "1.00"}
    other |= {"Item Total": "10.00", "Listing ID": "10", "SKU": "BND"}
    batch = read(tmp_path, csv_text(ETSY_ITEMS, [item, other]), preset="etsy_order_items")
    order = of(batch).loc["777"]
    amounts = order[["goods_gross", "discount_gross", "shipping_gross", "total_gross"]]
    assert amounts.tolist() == pytest.approx([50, 5, 3.5, 48.5])
    assert of(batch, "order_lines")["product_id"].tolist() == ["9", "BND"]
    sold = {
        **{"Sale Date": "07/25/26", "Order ID": "777", "Buyer User ID": "zoe", "Number of Items": "3"},
        **{"Ship Country": "France", "Currency": "GBP", "Order Value": "50.00", "Discount Amount": "5.00"},
        **{
            "Shipping Discount": "1.00",
            "Shipping": "4.50",
            "Order Total": "48.50",
            "Adjusted Order Total": "28.50",
        },
    }
    whole = {**sold, "Order ID": "778", "Adjusted Order Total": ""}
    batch = read(tmp_path, csv_text(ETSY_ORDERS, [sold, whole]), preset="etsy_orders")
    orders = of(batch)
    assert orders["shipping_gross"].tolist() == [3.5, 3.5]
    assert off(orders) == pytest.approx(0, abs=0.01)
    refunds = of(batch, "refunds")
    assert refunds.index.tolist() == ["777"]
    assert (refunds["net_amount"] + refunds["vat_amount"]).tolist() == pytest.approx([20])


def test_xero_invoices(tmp_path):
    line = {
        **{"*ContactName": "Harbour Inns Ltd", "*InvoiceNumber": "INV-1", "*InvoiceDate": "14/07/2026"},
        **{"*DueDate": "13/08/2026", "Total": "324.00", "InventoryItemCode": "P1", "*Quantity": "2"},
        **{
            "*UnitAmount": "100.00",
            "Discount": "10",
            "*TaxType": "20% (VAT on Income)",
            "TaxAmount": "36.00",
        },
    }
    other = {**line, "InventoryItemCode": "P2", "*Quantity": "1", "*UnitAmount": "90.00", "Discount": ""}
    other |= {"TaxAmount": "18.00"}
    back = {
        **line,
        "*InvoiceNumber": "CN-1",
        "*Quantity": "-1",
        "Discount": "",
        "TaxAmount": "-20.00",
        "Total": "-120",
    }
    sme = firm(orientation="b2b")
    batch = read(tmp_path, csv_text(XERO, [line, other, back]), sme, preset="xero_invoices")
    order, lines = of(batch).loc["INV-1"], of(batch, "order_lines")
    assert order[["goods_net", "vat_amount", "total_gross"]].tolist() == [270, 54, 324]
    assert order["status"] == "shipped"  # invoiced and owed
    assert order["due_at"] == pd.Timestamp("2026-08-12 23:00", tz="UTC")
    assert lines["discount_net"].tolist() == [20, 0]
    refund = tables_of(batch)["refunds"].iloc[0]
    assert refund[["net_amount", "vat_amount", "quantity"]].tolist() == [100, 20, 1]
    assert pd.isna(refund["order_id"])


def test_a_credit_note_may_write_its_amounts_without_a_minus(tmp_path):
    headers = [*XERO, "Type"]
    row = {"*ContactName": "Harbour Inns Ltd", "*InvoiceNumber": "CN-2", "*InvoiceDate": "14/07/2026"}
    row |= {"*Quantity": "2", "*UnitAmount": "10", "*TaxType": "20%", "TaxAmount": "4", "Total": "24"}
    row |= {"*DueDate": "14/07/2026", "InventoryItemCode": "P1", "Type": "Sales credit note"}
    batch = read(tmp_path, csv_text(headers, [row]), preset="xero_invoices")
    assert "orders" not in batch.tables
    refund = tables_of(batch)["refunds"].iloc[0]
    assert refund[["net_amount", "vat_amount", "quantity"]].tolist() == [20, 4, 2]


def test_generic_invoices_in_french(tmp_path):
    headers = [
        "N° facture",
        "Code client",
        "Date facture",
        "Échéance",
        "Montant HT",
        "Montant TVA",
        "Montant TTC",
        "Date règlement",
    ]
    rows = [
        ["F1", "C01", "13/07/2026", "12/08/2026", "1 000,00", "200,00", "1 200,00", ""],
        ["F2", "C02", "14/07/2026", "13/08/2026", "55,00", "3,03", "58,03", "01/09/2026"],
        ["A1", "C02", "15/07/2026", "", "-55,00", "-3,03", "-58,03", ""],
    ]
    batch = read(
        tmp_path, csv_text(headers, rows, ";"), firm("FR", orientation="b2b"), preset="generic_invoices"
    )
    orders = of(batch)
    assert orders[["goods_net", "vat_amount", "total_gross"]].to_numpy().tolist() == [
        [1000, 200, 1200],
        [55, 3.03, 58.03],
    ]
    assert orders["status"].tolist() == ["shipped", "paid"]
    assert orders["kind"].tolist() == ["b2b", "b2b"]
    refund = tables_of(batch)["refunds"].iloc[0]
    assert refund[["net_amount", "vat_amount"]].tolist() == pytest.approx([55, 3.03])


LISTS = {
    "generic_products": (
        ["Référence", "Désignation", "Famille", "Prix d'achat HT", "Prix TTC", "Délai", "Actif", "Stock"],
        [
            ["T1", "Thé vert", "Thés", "4,50", "12,66", "14", "oui", "30"],
            ["T2", "Thé noir", "Thés", "", "10,00", "", "non", ""],
        ],
    ),
    "generic_stock": (
        ["SKU", "Warehouse", "Date", "On hand", "Reserved"],
        [["A", "Dover", "31/10/2026", "5", "1"], ["A", "Kent", "31/10/2026", "7", ""]],
    ),
    "generic_customers": (
        ["E-mail", "Raison sociale", "Pays", "Date d'inscription"],
        [
            ["ann@example.com", "", "Royaume-Uni", "13/01/2026"],
            ["b@sarl.example", "Le Bihan SARL", "France", ""],
        ],
    ),
    "generic_visits": (
        ["Date", "Source", "Medium", "Country", "Device", "Sessions", "Cost"],
        [
            ["2026-07-01", "google", "cpc", "France", "mobile", "100", "12.5"],
            ["2026-07-01", "google", "cpc", "FR", "mobile", "20", "2.5"],
        ],
    ),
}


def test_lists_of_products_stock_customers_and_visits(tmp_path):
    found = {}
    for preset, (headers, rows) in LISTS.items():
        batch = read(tmp_path, csv_text(headers, rows, ";"), firm("FR"), preset=preset)
        found[preset] = tables_of(batch)
        assert batch.rejected.empty, batch.rejected
    products = found["generic_products"]["products"].set_index("product_id")
    assert products.loc["T1", "price_net"] == pytest.approx(12.66 / 1.2)
    assert products["active"].tolist() == [True, False]
    assert products["unit_cost"].isna().tolist() == [False, True]
    assert found["generic_products"]["stock_levels"]["on_hand"].tolist() == [30]
    assert found["generic_stock"]["stock_levels"]["on_hand"].tolist() == [5, 7]
    assert found["generic_customers"]["customers"]["kind"].tolist() == ["b2c", "b2b"]
    visits = found["generic_visits"]["visits"]
    assert visits[["sessions", "cost"]].to_numpy().tolist() == [[120, 15]]


HEADERS = {
    "shopify_orders": SHOPIFY,
    "woocommerce_orders": WOO_REPORT,
    "woocommerce_export": WOO_EXPORT,
    "prestashop_orders": PRESTA_17_FR,
    "prestashop_sql": PRESTA_SQL,
    "amazon_all_orders": AMAZON,
    "ebay_orders": EBAY,
    "etsy_order_items": ETSY_ITEMS,
    "etsy_orders": ETSY_ORDERS,
    "xero_invoices": XERO,
}


@pytest.mark.parametrize("preset", HEADERS)
def test_each_layout_is_told_by_its_headers(tmp_path, preset):
    (tmp_path / "export.csv").write_text(
        csv_text(HEADERS[preset], [["x"] * len(HEADERS[preset])]), encoding="utf-8"
    )
    (found,) = propose([tmp_path / "export.csv"]).files
    assert found.preset == preset


def test_every_preset_has_a_test():
    supply = {"generic_suppliers", "generic_supplier_prices", "generic_purchases"}  # test_files_supply
    apart = {"google_analytics", "matomo_visits", "amazon_settlement"}  # test_files_exports
    assert set(PRESETS) == {*HEADERS, *LISTS, *supply, *apart, "generic_orders", "generic_invoices"}
