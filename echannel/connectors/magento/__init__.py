"""Magento 2 and Adobe Commerce through their REST API."""
