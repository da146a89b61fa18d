"""The header rows of the platforms' own exports, as the platforms write them."""

from __future__ import annotations


def _columns(text: str) -> tuple[str, ...]:
    return tuple(text.replace("\n", "").split("|"))


SHOPIFY = _columns(
    """Name|Email|Financial Status|Paid at|Fulfillment Status|Fulfilled at|Accepts Marketing|Currency|Subtotal
|Shipping|Taxes|Total|Discount Code|Discount Amount|Shipping Method|Created at|Lineitem quantity|Lineitem name
|Lineitem price|Lineitem compare at price|Lineitem sku|Lineitem requires shipping|Lineitem taxable
|Lineitem fulfillment status|Billing Name|Billing Street|Billing Address1|Billing Address2|Billing Company
|Billing City|Billing Zip|Billing Province|Billing Country|Billing Phone|Shipping Name|Shipping Street
|Shipping Address1|Shipping Address2|Shipping Company|Shipping City|Shipping Zip|Shipping Province
|Shipping Country|Shipping Phone|Notes|Note Attributes|Cancelled at|Payment Method|Payment Reference
|Refunded Amount|Vendor|Outstanding Balance|Employee|Location|Device ID|Id|Tags|Risk Level|Source
|Lineitem discount|Tax 1 Name|Tax 1 Value|Tax 2 Name|Tax 2 Value|Tax 3 Name|Tax 3 Value|Tax 4 Name
|Tax 4 Value|Tax 5 Name|Tax 5 Value|Phone|Receipt Number|Duties|Billing Province Name
|Shipping Province Name|Payment ID|Payment Terms Name|Next Payment Due At|Payment References"""
)
WOO_SUITE = _columns(
    """order_id|order_number|order_date|paid_date|status|shipping_total|shipping_tax_total|fee_total
|fee_tax_total|tax_total|cart_discount|order_discount|discount_total|order_total|order_subtotal
|order_currency|payment_method|payment_method_title|transaction_id|customer_ip_address
|customer_user_agent|shipping_method|customer_id|customer_user|customer_email
|billing_first_name|billing_last_name|billing_company|billing_country|shipping_country
|refunded_total"""
)
WOO_ANALYTICS = (
    "Date", "Order #", "N. Revenue (formatted)", "Status", "Customer", "Customer type", "Product(s)",
    "Items sold", "Coupon(s)", "Net Sales", "Attribution",
)  # fmt: skip
PRESTA_LIST = (
    "ID", "Référence", "Nouveau client", "Livraison", "Client", "Total", "Paiement", "État", "Date",
)  # fmt: skip
PRESTA_SQL = (
    "N° commande", "Date commande", "Date paiement", "Date échéance", "État", "Client", "E-mail", "Société",
    "N° TVA", "Pays", "Devise", "Mode de paiement", "Référence produit", "Désignation", "Quantité", "PU HT",
    "PU TTC", "Taux TVA", "Prix d'achat HT", "Remise HT", "Remise TTC", "Port HT", "Port TTC", "Emballage HT",
    "Emballage TTC", "Total HT", "Total TTC", "Remboursé HT", "Remboursé TTC", "Date remboursement",
)  # fmt: skip
PRESTA_EN = (
    "Order reference", "Order date", "Payment date", "Order state", "Customer name", "Customer email",
    "Delivery country", "Currency", "Payment", "Product reference", "Product name", "Quantity",
    "Unit price (tax excl.)", "Unit price (tax incl.)", "VAT rate", "Discount (tax excl.)",
    "Discount (tax incl.)", "Shipping (tax excl.)", "Shipping (tax incl.)", "Gift wrapping (tax excl.)",
    "Gift wrapping (tax incl.)", "Total (tax excl.)", "Total (tax incl.)", "Refunded (tax excl.)",
    "Refunded (tax incl.)", "Refund date",
)  # fmt: skip
AMAZON = _columns(
    """amazon-order-id|merchant-order-id|purchase-date|last-updated-date|order-status
|fulfillment-channel|sales-channel|order-channel|url|ship-service-level|product-name|sku|asin
|item-status|quantity|currency|item-price|item-tax|shipping-price|shipping-tax|gift-wrap-price
|gift-wrap-tax|item-promotion-discount|ship-promotion-discount|ship-city|ship-state
|ship-postal-code|ship-country|promotion-ids|is-business-order|purchase-order-number
|price-designation"""
)
EBAY = _columns(
    """Sales Record Number|Order Number|Buyer Username|Buyer Name|Buyer Email|Buyer Note|Buyer Address 1
|Buyer Address 2|Buyer City|Buyer State|Buyer Zip|Buyer Country|Ship To Name|Ship To Phone|Ship To Address 1
|Ship To Address 2|Ship To City|Ship To State|Ship To Zip|Ship To Country|Item Number|Item Title|Custom Label
|Sold Via Promoted Listings|Quantity|Sold For|Shipping And Handling|Seller Collected Tax|eBay Collected Tax
|Total Price|eBay Collected Tax Included in Total|Payment Method|Sale Date|Paid On Date|Ship By Date
|Minimum Estimated Delivery Date|Maximum Estimated Delivery Date|Shipped On Date|Feedback Left
|Feedback Received|My Item Note|PayPal Transaction ID|Shipping Service|Tracking Number|Transaction ID
|Variation Details|Global Shipping Program|Global Shipping Reference ID|Click And Collect
|Click And Collect Reference Number|eBay Plus"""
)
ETSY_ITEMS = _columns(
    """Sale Date|Item Name|Buyer|Quantity|Price|Coupon Code|Coupon Details|Discount Amount|Shipping Discount
|Order Shipping|Order Sales Tax|Item Total|Currency|Transaction ID|Listing ID|Date Paid|Date Shipped|Ship Name
|Ship Address1|Ship Address2|Ship City|Ship State|Ship Zipcode|Ship Country|Order ID|Variations|Order Type
|Listings Type|Payment Type|InPerson Discount|InPerson Location|VAT Paid by Buyer|SKU"""
)
ETSY_ORDERS = _columns(
    """Sale Date|Order ID|Buyer User ID|Full Name|First Name|Last Name|Number of Items|Payment Method
|Date Shipped|Street 1|Street 2|Ship City|Ship State|Ship Zipcode|Ship Country|Currency|Order Value
|Coupon Code|Coupon Details|Discount Amount|Shipping Discount|Shipping|Sales Tax|Order Total|Status
|Card Processing Fees|Order Net|Adjusted Order Total|Adjusted Card Processing Fees|Adjusted Net Order Amount
|Buyer|Order Type|Payment Type|InPerson Discount|InPerson Location|SKU"""
)
XERO = (
    "ContactName", "EmailAddress", "POAddressLine1", "POAddressLine2", "POAddressLine3", "POAddressLine4",
    "POCity", "PORegion", "POPostalCode", "POCountry", "InvoiceNumber", "Reference", "InvoiceDate", "DueDate",
    "Total", "InventoryItemCode", "Description", "Quantity", "UnitAmount", "Discount", "AccountCode",
    "TaxType", "TaxAmount", "TrackingName1", "TrackingOption1", "TrackingName2", "TrackingOption2",
    "Currency", "BrandingTheme", "Type", "Status", "PaidDate",
)  # fmt: skip
INVOICES = (
    "N° facture", "Type de pièce", "Date facture", "Date échéance", "Date règlement", "Code client",
    "Raison sociale", "Pays", "Code article", "Désignation", "Qté", "PU HT", "Remise %", "Taux TVA",
    "Total ligne HT", "Total HT", "Montant TVA", "Total TTC", "Statut",
)  # fmt: skip
COUNTER = (
    "Receipt No", "Date", "Time", "Customer", "SKU", "Description", "Qty", "Price inc VAT", "VAT rate",
    "Total inc VAT", "Refunded amount", "Refund date", "Payment method", "Status",
)  # fmt: skip
COMPTOIR = (
    "N° ticket", "Date", "Heure", "Client", "Code article", "Désignation", "Quantité", "PU TTC", "Taux TVA",
    "Total TTC", "Remboursé TTC", "Date remboursement", "Mode de règlement", "Statut",
)  # fmt: skip
WEB_ORDERS = (
    "Order number", "Order date", "Status", "Customer name", "Customer email", "Country", "Currency", "SKU",
    "Product name", "Quantity", "Unit price inc VAT", "VAT rate", "Discount inc VAT", "Shipping inc VAT",
    "Total inc VAT", "Refunded amount", "Refund date", "Payment method",
)  # fmt: skip
